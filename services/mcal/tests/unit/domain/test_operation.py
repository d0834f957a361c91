"""Operations end once; a unit belongs to one operation at a time and counts its changes."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from deployforge_mcal.domain.operation import Failure, Operation, OperationOver, Order, Unit, UnitBusy

AT = datetime(2026, 11, 24, tzinfo=UTC)
DEPLOYMENT = UUID("7d2f7a0e-2f4e-5a0b-9a53-2f0d4c1b7a11")


def an_operation() -> Operation:
    order = Order(str(DEPLOYMENT), "shop", "web", str(uuid4()), "e", "s", "aws/0.0", "df-shop-web-aws-0-0", "apply")
    return Operation(deployment_id=DEPLOYMENT, order=order, at=AT)


def test_an_operation_has_the_id_it_was_asked_under_and_starts_once() -> None:
    operation = an_operation()
    assert str(operation.id) == operation.order.operation_id
    operation.start(AT)
    operation.start(AT)
    assert [type(e).__name__ for e in operation.collect_events()] == ["Accepted", "Started"]


def test_an_operation_that_is_over_cannot_end_again() -> None:
    operation = an_operation()
    operation.start(AT)
    operation.fail(Failure("X", "no"), 2, AT)
    with pytest.raises(OperationOver):
        operation.succeed((), 2, None, AT)


def test_a_unit_counts_every_beginning_and_end() -> None:
    unit = Unit(deployment_id=DEPLOYMENT, unit_id="aws/0.0")
    unit.begin("one")
    unit.begin("one")
    assert (unit.generation, unit.running) == (1, "one")
    with pytest.raises(UnitBusy):
        unit.begin("two")
    unit.end("one", "sha256:1", {"a.b": "c"})
    assert (unit.generation, unit.running, unit.template_digest) == (2, "", "sha256:1")
