"""A secret goes into the call that needs it and is nowhere else, whatever the cloud repeats."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog
from deployforge_chassis import telemetry
from deployforge_mcal.application.ports import InvalidUnit
from deployforge_mcal.application.secrets import HIDDEN, SecretAccess, SecretChanged, SecretUnavailable, SecretUse
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.secrets import SecretReference, is_mark, mark
from deployforge_mcal.domain.units import Became, Outcome, ResourceSpec

from . import test_mcal
from .test_mcal import DEPLOYMENT, SCOPE, Kept, Service

service = test_mcal.service

VALUE = 'Kanarie "<7&é>" vogel/+\\'
REFERENCE = "${secret://kept/db}"
KEY = b"k" * 32


def use(**kept: str) -> SecretUse:
    access = SecretAccess(SCOPE, dict)
    return SecretUse({"kept": Kept(kept)}, lambda: KEY, DEPLOYMENT, access)


# --- marks


def test_marks_are_equal_exactly_when_reference_and_value_are() -> None:
    db, other = SecretReference("kept", "db"), SecretReference("kept", "other")
    same = mark(KEY, DEPLOYMENT, db, VALUE)
    assert same == mark(KEY, DEPLOYMENT, db, VALUE)
    others = {
        mark(KEY, DEPLOYMENT, db, VALUE + "x"), mark(KEY, DEPLOYMENT, other, VALUE), mark(KEY, "d2", db, VALUE),
        mark(b"x" * 32, DEPLOYMENT, db, VALUE),
    }  # fmt: skip
    assert len(others | {same}) == 5
    assert all(is_mark(one) for one in others)
    assert not is_mark("secret://kept/db")


def test_a_mark_opens_only_while_the_value_is_the_same() -> None:
    source = Kept({"db": VALUE})
    made = SecretUse({"kept": source}, lambda: KEY, DEPLOYMENT, SecretAccess(SCOPE, dict)).mark(
        SecretReference("kept", "db")
    )
    assert use(db=VALUE).value(made) == VALUE
    with pytest.raises(SecretChanged, match="secret://kept/db has changed"):
        use(db=VALUE + "!").value(made)


@pytest.mark.parametrize(
    ("kept", "reason"),
    [({}, "is not there"), ({"db": "short"}, "fewer than 6"), ({"db": "x" * 70_000}, "more than 65536 bytes")],
)
def test_what_cannot_be_kept_secret_is_none(kept: dict[str, str], reason: str) -> None:
    with pytest.raises(SecretUnavailable, match=reason):
        use(**kept).mark(SecretReference("kept", "db"))


# --- scrubbing


def spellings() -> list[str]:
    import base64
    import html
    from urllib.parse import quote, quote_plus

    return [
        VALUE, json.dumps(VALUE), json.dumps(VALUE, ensure_ascii=False), repr(VALUE), html.escape(VALUE), quote(VALUE),
        quote(VALUE, safe=""), quote_plus(VALUE), base64.b64encode(VALUE.encode()).decode(),
    ]  # fmt: skip


@pytest.mark.parametrize("spelt", spellings())
def test_every_spelling_of_a_value_is_hidden(spelt: str) -> None:
    one = use(db=VALUE)
    assert one.scrub(f"a {spelt} b") == f"a {spelt} b"
    one.mark(SecretReference("kept", "db"))
    found = one.scrub(f"a {spelt} b")
    assert HIDDEN in found
    assert "vogel" not in found
    assert (found[:2], found[-2:]) == ("a ", " b")


def test_the_lines_of_a_value_are_hidden_one_by_one() -> None:
    one = use(db="-----BEGIN-----\nfirst line\nsecond line\n")
    one.mark(SecretReference("kept", "db"))
    assert one.scrub("error at: second line") == f"error at: {HIDDEN}"


def test_failures_and_outcomes_are_scrubbed_and_the_rest_of_them_stays() -> None:
    one = use(db=VALUE)
    one.mark(SecretReference("kept", "db"))
    failure = one.failure(Failure("CODE", f"no {VALUE}", f"try {VALUE}", "urn", True, True))
    assert failure == Failure("CODE", f"no {HIDDEN}", f"try {HIDDEN}", "urn", True, True)
    outcome = one.outcome(Outcome("urn", f"id-{VALUE}", {"a": VALUE, "b": "plain"}, Became.CREATED))
    assert outcome == Outcome("urn", f"id-{HIDDEN}", {"a": HIDDEN, "b": "plain"}, Became.CREATED)
    assert VALUE not in repr(one)


# --- from declaration to observation


def test_a_secret_reaches_the_cloud_and_the_state_knows_its_mark(service: Service) -> None:
    service.kept["db"] = VALUE
    digest = service.digest(a={"password": REFERENCE, "size": 1})
    service.ask("apply", digest)
    service.operating.work_once()
    [(id, given)] = service.cloud.given.items()
    assert given == {"password": VALUE, "size": 1}
    [resource] = service.app.compiled(digest).resources
    assert is_mark(resource.desired["password"])
    targets = [test_mcal.Target(resource.urn, "Queue", id)]
    [seen] = test_mcal.Readers(service.app).observe(SCOPE, targets)
    assert seen.properties == resource.desired
    assert seen.reason == "password: not checked, the cloud gives no secret back"


def test_another_value_is_another_template_and_the_same_is_the_same(service: Service) -> None:
    service.kept["db"] = VALUE
    first, again = service.digest(a={"password": REFERENCE}), service.digest(a={"password": REFERENCE})
    service.kept["db"] = VALUE + "2"
    assert first == again != service.digest(a={"password": REFERENCE})


def test_a_secret_that_changed_since_planning_is_not_set(service: Service) -> None:
    service.kept["db"] = VALUE
    service.ask("apply", service.digest(a={"password": REFERENCE}))
    service.kept["db"] = "another value"
    service.operating.work_once()
    failed = dict(service.facts())["OperationFailed"]
    assert (failed["code"], failed["message"]) == ("SECRET_CHANGED", "secret://kept/db has changed since this was planned")
    assert service.cloud.given == {}


def test_a_secret_that_is_gone_fails_the_operation_by_its_name(service: Service) -> None:
    service.kept["db"] = VALUE
    service.ask("apply", service.digest(a={"password": REFERENCE}))
    service.kept.clear()
    service.operating.work_once()
    failed = dict(service.facts())["OperationFailed"]
    assert (failed["code"], failed["message"]) == ("SECRET_UNAVAILABLE", "secret://kept/db: is not there")


def test_no_secret_no_plan(service: Service) -> None:
    with pytest.raises(InvalidUnit, match=r"a\.properties\.password: secret://kept/db: is not there"):
        service.digest(a={"password": REFERENCE})


def test_an_unknown_source_is_refused_before_anything(service: Service) -> None:
    spec = ResourceSpec("urn:df:s:w:a", "a", "Queue", {"password": "${secret://vault/db}"})
    [problem] = service.app.check([("aws", spec)])
    assert (problem.path, problem.expected) == ("a.properties.password", "one of kept")
    with pytest.raises(InvalidUnit, match="no source of secrets called vault"):
        service.digest(a={"password": "${secret://vault/db}"})


@contextmanager
def logged_as_it_runs() -> Iterator[None]:
    """Logs as the service writes them, to standard output."""
    root, kept = logging.getLogger(), logging.getLogger().handlers[:]
    telemetry.configure_logging("mcal", "debug")
    try:
        yield
    finally:
        root.handlers[:] = kept
        structlog.reset_defaults()


@pytest.mark.parametrize("broken_log", [False, True])
@pytest.mark.parametrize("where", ["failure", "error", "attributes"])
def test_whatever_the_cloud_repeats_is_told_without_it(
    service: Service, where: str, broken_log: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    service.kept["db"] = VALUE
    service.ask("apply", service.digest(a={"password": REFERENCE, "echo": where, "marker": "in plain sight"}))
    with logged_as_it_runs():
        if broken_log:
            # Then the standard library prints whatever exception is being handled.
            logging.getLogger().handlers[0].setFormatter(logging.Formatter("%(nothing)s"))
        for _ in range(6):
            service.app.database.query("UPDATE effects SET due_at = now() WHERE status <> 'done'")
            service.operating.work_once()
    rows = service.app.database.query("SELECT * FROM effects")
    said = capsys.readouterr()
    told = json.dumps([service.facts(), service.said.messages, rows, said.out, said.err], default=str)
    assert "vogel" not in told
    assert "in plain sight" in told
    assert (where == "error") == ("operation given up" in said.out + said.err)
    assert (where == "error") == ("fake_cloud.py" in said.out + said.err)
    names = [name for name, _ in service.facts()]
    assert names[-1] == ("OperationSucceeded" if where == "attributes" else "OperationFailed")


def test_a_destroyed_resource_leaves_no_mark(service: Service) -> None:
    service.kept["db"] = VALUE
    service.ask("apply", service.digest(a={"password": REFERENCE}))
    service.operating.work_once()
    assert list(service.app.secrets.marking.of(["urn:df:s:w:a"])) == ["urn:df:s:w:a"]
    service.ask("destroy")
    service.operating.work_once()
    assert service.app.secrets.marking.of(["urn:df:s:w:a"]) == {}


def test_the_key_of_marks_is_the_same_for_every_replica_and_sealed(service: Service) -> None:
    from deployforge_mcal.adapters.marking import PostgresMarking

    first = service.app.secrets.marking.key()
    assert PostgresMarking(service.app.database, service.app.sealer).key() == first
    [row] = service.app.database.query("SELECT sealed FROM marking_key")
    assert first not in bytes(row["sealed"])
