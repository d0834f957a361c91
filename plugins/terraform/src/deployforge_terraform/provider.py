"""OpenTofu or Terraform as a CloudProvider. The verbs are the port's; what each must leave behind is said there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from deployforge_mcal.application.ports import ListsNothing, ProviderFailure, Tick, Work
from deployforge_mcal.domain.catalogue import TypeDoc
from deployforge_mcal.domain.credentials import Examined
from deployforge_mcal.domain.units import (
    Change,
    CompiledUnit,
    Observed,
    Outcome,
    Problem,
    ResourceSpec,
    Scope,
    Target,
    UnitSpec,
)

from deployforge_terraform import applying, compiler, credentials, deployed, modules, reading, repair, undoing
from deployforge_terraform.credentials import TerraformSession
from deployforge_terraform.errors import failed
from deployforge_terraform.options import Options
from deployforge_terraform.records import Records
from deployforge_terraform.schemas import Schemas
from deployforge_terraform.workspace import Workspace, opened

T = TypeVar("T")


class TerraformProvider(ListsNothing):
    """See CloudProvider."""

    type = "terraform"
    #: Providers do not publish which changes replace a resource; a plan of theirs says it.
    tells_by_preview = True

    def __init__(self, options: Options) -> None:
        self._options = options
        self._schemas = Schemas(options)

    # --- without a credential -------------------------------------------------------------------------

    def types(self) -> tuple[TypeDoc, ...]:
        """None: what can be declared are the providers' own types."""
        return ()

    def native_types(self) -> tuple[str, ...]:
        """See CloudProvider. None while the program is not installed."""
        try:
            return (modules.TYPE, *self._schemas.types())
        except ProviderFailure:
            return ()

    def check(self, specs: Sequence[ResourceSpec]) -> list[Problem]:
        """See CloudProvider."""
        return compiler.check(self._schemas, specs)

    def compile(self, spec: UnitSpec) -> CompiledUnit:
        """See CloudProvider."""
        return compiler.compile_unit(self._schemas, spec)

    # --- credentials ----------------------------------------------------------------------------------

    def open(self, root: Mapping[str, Any], work: Work) -> TerraformSession:
        """See CloudProvider."""
        encrypts = self._schemas.cli().encrypts
        return credentials.session(
            root, work.scope.credential_ref, f"df-{work.token}", read_only=False, encrypts=encrypts, hold=work.hold,
            secrets=work.secrets,
        )  # fmt: skip

    def open_reader(self, root: Mapping[str, Any], scope: Scope, types: Sequence[str]) -> TerraformSession:
        """See CloudProvider."""
        encrypts = self._schemas.cli().encrypts
        return credentials.session(root, scope.credential_ref, "df-read", read_only=True, encrypts=encrypts)

    def examine(self, root: Mapping[str, Any], scopes: Sequence[Scope]) -> Examined:
        """See ExaminesCredentials. What its variables may do is for the providers to say, when a plan is made."""
        cli = self._schemas.cli()
        ref = scopes[0].credential_ref if scopes else "under test"
        reader = credentials.session(root, ref, "df-test", read_only=True, encrypts=cli.encrypts)
        session = credentials.session(root, ref, "df-test", read_only=False, encrypts=cli.encrypts)
        with Records(session):
            pass
        version = ".".join(map(str, cli.version))
        given = ", ".join(sorted({*session.environment, *reader.environment})) or "no variables"
        notes = (
            "the database of the states can be reached",
            f"providers get {given}; what they may do with it, each provider says itself when a plan is made",
        )
        return Examined(
            f"{cli.name} {version} with states that are {'' if session.encrypt else 'not '}encrypted", notes=notes
        )

    # --- reading --------------------------------------------------------------------------------------

    def observe(self, session: TerraformSession, scope: Scope, targets: Sequence[Target]) -> list[Observed]:
        """See CloudProvider."""
        return reading.observe(self._schemas, self._options, session, targets)

    def preview(self, session: TerraformSession, work: Work) -> list[Change]:
        """See CloudProvider."""
        unit = _unit(work)
        return self._with(session, work, lambda workspace: applying.preview(workspace, unit, work))

    # --- changing -------------------------------------------------------------------------------------

    def apply(self, session: TerraformSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        unit = _unit(work)
        return self._with(session, work, lambda workspace: applying.apply(session, workspace, unit, work, tick))

    def adopt(self, session: TerraformSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        unit = _unit(work)
        return self._with(session, work, lambda workspace: repair.adopt(workspace, unit, work, tick))

    def destroy(self, session: TerraformSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        return self._with(session, work, lambda workspace: undoing.destroy(workspace, work, tick))

    def correct(self, session: TerraformSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        unit = _unit(work)
        return self._with(session, work, lambda workspace: repair.correct(self._schemas, workspace, unit, work, tick))

    def recreate(self, session: TerraformSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        unit = _unit(work)
        return self._with(session, work, lambda workspace: repair.recreate(session, workspace, unit, work, tick))

    def _with(self, session: TerraformSession, work: Work, act: Callable[[Workspace], T]) -> T:
        urns = {**deployed.addresses(work.previous), **deployed.addresses(work.unit)}
        try:
            with opened(self._schemas.cli(), self._options, session, work.unit_name, urns) as workspace:
                return act(workspace)
        except ProviderFailure as error:
            failure = error.failure
        raise ProviderFailure(replace(failure, message=session.scrubbed(failure.message)))


def _unit(work: Work) -> CompiledUnit:
    if work.unit is None:
        raise failed("TEMPLATE_UNKNOWN", "the operation names no template that was compiled here")
    return work.unit


def from_options(options: Mapping[str, str]) -> TerraformProvider:
    """The entry point."""
    return TerraformProvider(Options.of(options))
