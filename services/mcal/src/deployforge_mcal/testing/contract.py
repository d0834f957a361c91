"""What every CloudProvider must do. See docs/guide/providers.md."""

from dataclasses import replace
from typing import ClassVar, Final
from uuid import uuid4

import pytest

from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.units import Became, Presence
from deployforge_mcal.testing.stage import Stage

_OUTSIDE: Final = 17


class ProviderContract:
    """The suite. The plug-in makes a class of it for each fixture that `provider_stage` decorates."""

    scheme: ClassVar[str]
    """Name of the provider's entry point."""
    fixture: ClassVar[str]
    """Name of the author's fixture."""

    @pytest.fixture
    def stage(self, request: pytest.FixtureRequest) -> Stage:
        """The provider under test on a clean back end."""
        found: Stage = request.getfixturevalue(self.fixture)
        return found

    def test_its_type_is_its_entry_point(self, stage: Stage) -> None:
        assert stage.provider.type == self.scheme == stage.scope.provider_type

    def test_the_same_declarations_compile_to_the_same_unit(self, stage: Stage) -> None:
        first, again = stage.unit(a=1, b=2), stage.unit(a=1, b=2)
        assert first == again
        assert [r.desired[stage.number] for r in first.resources] == [stage.scale, 2 * stage.scale]
        assert stage.unit(a=1, b=3) != first

    def test_what_cannot_be_compiled_is_refused_by_name(self, stage: Stage) -> None:
        spec = replace(stage.resource("x", {}), type="Nothing")
        assert stage.provider.check([spec])[0].path == "x.type"
        with pytest.raises(InvalidUnit) as invalid:
            stage.provider.compile(stage.spec(spec))
        assert invalid.value.problems[0].path == "x.type"

    def test_a_reference_to_another_unit_is_an_input(self, stage: Stage) -> None:
        unit = stage.unit(a={stage.number: "${elsewhere.number}"})
        assert list(unit.inputs) == ["elsewhere.number"]

    def test_apply_makes_what_is_declared_and_destroy_ends_it(self, stage: Stage) -> None:
        unit = stage.unit(a=1, b=2)
        made = stage.do("apply", unit=unit)
        assert [o.status for o in made] == [Became.CREATED] * 2
        assert [stage.number_of(o) for o in made] == [1, 2]
        assert {o.status for o in stage.do("destroy", unit=unit)} == {Became.DELETED}
        assert [stage.see(o).presence for o in made] == [Presence.MISSING] * 2

    def test_apply_updates_in_place_and_deletes_what_is_gone(self, stage: Stage) -> None:
        before = stage.unit(a=1, b=2)
        first = stage.do("apply", unit=before)
        second = {o.urn[-1]: o for o in stage.do("apply", unit=stage.unit(a=9), previous=before)}
        assert (second["a"].status, second["b"].status) == (Became.UPDATED, Became.DELETED)
        assert second["a"].physical_id == first[0].physical_id
        assert stage.number_of(second["a"]) == 9

    def test_nothing_to_change_is_a_success(self, stage: Stage) -> None:
        unit = stage.unit(a=1)
        stage.do("apply", unit=unit)
        assert [o.status for o in stage.do("apply", unit=unit, previous=unit)] == [Became.UNCHANGED]

    def test_a_preview_tells_and_changes_nothing(self, stage: Stage) -> None:
        before = stage.unit(a=1)
        made = stage.do("apply", unit=before)
        work = stage.work(unit=stage.unit(a=2, b=3), previous=before)
        found = stage.provider.preview(stage.provider.open(stage.root, work), work)
        assert {(c.urn[-1], c.action) for c in found} == {("a", "modify"), ("b", "add")}
        assert stage.number_of(made[0]) == 1

    def test_a_failing_create_leaves_nothing_and_says_so(self, stage: Stage) -> None:
        with pytest.raises(ProviderFailure) as failed:
            stage.do("apply", unit=stage.unit(a=1, bad=stage.refused))
        assert (failed.value.failure.restored, failed.value.failure.urn) == (True, "urn:df:s:w:bad")

    def test_a_failing_update_restores_and_says_so(self, stage: Stage) -> None:
        before = stage.unit(a=1)
        made = stage.do("apply", unit=before)
        with pytest.raises(ProviderFailure) as failed:
            stage.do("apply", unit=stage.unit(a=9, bad=stage.refused), previous=before)
        assert failed.value.failure.restored
        assert stage.number_of(made[0]) == 1

    def test_the_same_token_twice_is_one_effect(self, stage: Stage) -> None:
        unit, token = stage.unit(a=1), str(uuid4())
        first = stage.do("apply", unit=unit, token=token)
        again = stage.do("apply", unit=unit, token=token, resumed=True)
        assert [(o.physical_id, o.status) for o in again] == [(o.physical_id, o.status) for o in first]

    def test_a_drifted_value_is_corrected(self, stage: Stage) -> None:
        unit = stage.unit(a=1)
        made = stage.do("apply", unit=unit)[0]
        stage.tamper(made.physical_id, _OUTSIDE * stage.scale)
        assert differing({stage.number: stage.scale}, stage.see(made).properties, ()) == [stage.number]
        target = stage.target(made, 1, stage.number)
        assert stage.do("correct", unit=unit, targets=(target,))[0].status is Became.CORRECTED
        assert stage.number_of(made) == 1

    def test_what_vanished_is_not_corrected_but_recreated_once(self, stage: Stage) -> None:
        unit, token = stage.unit(a=1), str(uuid4())
        made = stage.do("apply", unit=unit)[0]
        stage.vanish(made.physical_id)
        target = stage.target(made, 1)
        with pytest.raises(ProviderFailure) as failed:
            stage.do("correct", unit=unit, targets=(target,))
        assert failed.value.failure.code == "NOT_FOUND"
        back = stage.do("recreate", unit=unit, targets=(target,), token=token)[0]
        again = stage.do("recreate", unit=unit, targets=(target,), token=token, resumed=True)[0]
        assert back.status is Became.RECREATED
        assert again.physical_id == back.physical_id
        assert stage.number_of(back) == 1

    def test_what_is_retained_outlives_its_unit(self, stage: Stage) -> None:
        unit = stage.unit(a=1, b=2)
        made = stage.do("apply", unit=unit)
        ended = {o.urn[-1]: o.status for o in stage.do("destroy", unit=unit, retain=(made[0].urn,))}
        assert ended == {"a": Became.UNCHANGED, "b": Became.DELETED}
        stage.vanish(made[0].physical_id)

    def test_destroying_what_is_not_there_is_a_success(self, stage: Stage) -> None:
        stage.do("destroy", unit=stage.unit(a={}))
