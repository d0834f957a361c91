"""A second opinion on a repair: what Infrastructure Manager says would change, asked before anything does.

Of its own types this adapter knows what is wrong and what can be put back in place. Of Terraform's own arguments, those
of native types and of overlays, it only sees that REST shows another value. Whether that is drift, and whether putting
it back would replace the resource, Terraform knows. A preview runs a build and needs the deploying account, so scans do
not ask for one.
"""

from collections.abc import Collection, Mapping

from deployforge_mcal.adapters.declarations import OVERLAY
from deployforge_mcal.adapters.gcp.models import model
from deployforge_mcal.adapters.gcp.planning import Plan
from deployforge_mcal.adapters.gcp.rollout import Previewed
from deployforge_mcal.application.ports import ProviderFailure, Tick
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import Target


def unsure(targets: Collection[Target], wrong: Mapping[str, list[str]]) -> frozenset[str]:
    """Urns of the targets of which Terraform has to be asked."""
    return frozenset(
        t.urn
        for t in targets
        if t.urn in wrong and (model(t.type).kind.native or any(p.startswith(f"{OVERLAY}.") for p in wrong[t.urn]))
    )


def heeded(told: Previewed, plan: Plan, wrong: Mapping[str, list[str]], urns: Collection[str], tick: Tick) -> None:
    """Raise ProviderFailure where the repair of one of some resources would replace it, or change nothing; tell which
    arguments have drifted. Values are not told: whether they are secrets nobody says of all."""
    for drift in told.drifts:
        if (urn := plan.urn_of(str(drift["terraform_info"]["address"]))) in urns:
            paths = [str(one["path"]) for one in drift.get("property_drifts") or ()]
            tick(urn, "DRIFTED", ", ".join(paths) or None)
    changed = set[str]()
    for change in told.changes:
        urn, intent = plan.urn_of(str(change["terraform_info"]["address"])), str(change["intent"])
        if urn not in urns or urn is None:
            continue
        if intent == "RECREATE":
            said = f"{told.paths(change) or 'what has drifted'} cannot be changed on a live resource"
            hint = "apply a change, or recreate it"
            raise ProviderFailure(Failure("REPLACEMENT_NEEDED", said, hint, urn, restored=True))
        if intent in ("CREATE", "UPDATE"):
            changed.add(urn)
    for urn in sorted(set(urns) - changed):
        said = f"{', '.join(wrong[urn])} differs by REST, but Infrastructure Manager sees no difference"
        hint = "write it as the service shows it, or ignore the path in spec.drift"
        raise ProviderFailure(Failure("NOT_AS_DESIRED", said, hint, urn, restored=True))
