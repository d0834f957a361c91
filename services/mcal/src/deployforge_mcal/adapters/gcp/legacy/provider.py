"""Google Cloud with Deployment Manager as its engine, as a CloudProvider: a subset of the types, and repairs by REST."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from deployforge_mcal.adapters.gcp import repair
from deployforge_mcal.adapters.gcp.kinds import KINDS
from deployforge_mcal.adapters.gcp.legacy import mending
from deployforge_mcal.adapters.gcp.legacy.change import LegacyRollout
from deployforge_mcal.adapters.gcp.legacy.types import BY_NAME, LEGACY, UNIFIED, named
from deployforge_mcal.adapters.gcp.placing import PROVIDER
from deployforge_mcal.adapters.gcp.planning import Plan
from deployforge_mcal.adapters.gcp.provider import GcpProvider, typed
from deployforge_mcal.adapters.gcp.rollout import Previewed, Rollout
from deployforge_mcal.adapters.gcp.session import GcpSession
from deployforge_mcal.application.ports import Tick, Work
from deployforge_mcal.domain.catalogue import TypeDoc
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.units import Outcome, Problem, ResourceSpec


class DeploymentManager:
    """See Engine."""

    def rollout(self, session: GcpSession, unit_name: str, token: str, tick: Tick, step: str = "") -> Rollout:
        """See Engine."""
        return LegacyRollout(session, unit_name, token, tick, step)

    def let_go(self, session: GcpSession, deployment: str, addresses: Collection[str]) -> None:
        """See Engine."""
        LegacyRollout(session, deployment, "", lambda *_: None).abandon(addresses)

    def missed(self, session: GcpSession, deployment: str, addresses: Collection[str]) -> None:
        """See Engine: what Deployment Manager believes to be there has to be let go of first."""
        self.let_go(session, deployment, addresses)

    def previewed(
        self, session: GcpSession, unit_name: str, token: str, plan: Plan, earlier: Plan | None, **how: Any
    ) -> Previewed:
        """See Engine."""
        return LegacyRollout(session, unit_name, token, lambda *_: None).previewed(plan, earlier)


class LegacyProvider(GcpProvider):
    """See CloudProvider."""

    type = "gcp-deployment-manager"
    engine = DeploymentManager()

    def types(self) -> tuple[TypeDoc, ...]:
        """See CloudProvider."""
        return tuple(self._document(name) for name in UNIFIED)

    def _document(self, name: str) -> TypeDoc:
        """What Google Cloud has of a type, as this engine has it."""
        doc, model = KINDS[name].document(), TYPES[name]
        able = {p.name for p in model.supported(PROVIDER)}
        properties = tuple(replace(p, native={}) for p in doc.properties if p.name in able)
        support = {self.type: model.on(PROVIDER).level.value}
        native = {self.type: LEGACY[KINDS[name].google].name}
        return replace(doc, properties=properties, support=support, native_types=native)

    def native_types(self) -> tuple[str, ...]:
        """See CloudProvider."""
        return tuple(sorted(BY_NAME))

    def refused(self, spec: ResourceSpec) -> list[Problem]:
        """See GcpProvider: what Deployment Manager does not have is refused by name."""
        hint = "leave `engine` out: Infrastructure Manager has it"
        if spec.type not in UNIFIED and named(spec.type) is None:
            said = f"Deployment Manager does not have {spec.type}"
            return [
                Problem(f"{spec.name}.type", said, f"one of {', '.join((*UNIFIED, *(f'gcp/{n}' for n in BY_NAME)))}", hint)
            ]
        if spec.native:
            return [Problem(f"{spec.name}.native", "Deployment Manager takes no overlay", "a native type", hint)]
        return []

    def listable(self) -> tuple[str, ...]:
        """See CloudProvider: what is in a project is listed once, for Infrastructure Manager."""
        return ()

    def native_type(self, type: str) -> str:
        """See CloudProvider."""
        found = named(type)
        return found.name if found is not None else super().native_type(type)

    @typed
    def correct(self, session: GcpSession, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        return repair.correct(session, work, tick, mending.mended)


def from_options(options: Mapping[str, str]) -> LegacyProvider:
    """The entry point: `endpoint` is an emulator's URL, empty for Google Cloud."""
    return LegacyProvider(options.get("endpoint", ""))
