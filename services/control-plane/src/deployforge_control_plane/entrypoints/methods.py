"""Which permission every method needs. A method that people are served without an entry here stops start-up."""

from collections.abc import Mapping
from typing import Final

from deployforge_chassis.identity import CLIENT, HEALER

from deployforge_control_plane.domain.access import Permission

_P = Permission
_OWN: Final = "/deployforge.control_plane.v1."
_CREDENTIALS: Final = "/deployforge.mcal.v1.Credentials/"
_STATE: Final = "/deployforge.state_manager.v1.State/"

ANYBODY: Final = None
"""Any valid token will do."""

OWN: Final[Mapping[str, Permission | None]] = {
    f"{_OWN}Deployments/Validate": _P.VALIDATE,
    f"{_OWN}Deployments/Submit": _P.SUBMIT,
    f"{_OWN}Deployments/Execute": _P.EXECUTE,
    f"{_OWN}Deployments/Get": _P.READ,
    f"{_OWN}Deployments/List": _P.READ,
    f"{_OWN}Deployments/Watch": _P.READ,
    f"{_OWN}Deployments/Approve": _P.APPROVE,
    f"{_OWN}Deployments/Reject": _P.REJECT,
    f"{_OWN}Deployments/Cancel": _P.CANCEL,
    f"{_OWN}Deployments/Shred": _P.SHRED,
    f"{_OWN}Deployments/GetManifest": _P.READ,
    f"{_OWN}Deployments/GetManifestSchema": ANYBODY,
    f"{_OWN}Audit/List": _P.AUDIT,
    f"{_OWN}Access/WhoAmI": ANYBODY,
    f"{_OWN}Access/CreateToken": _P.ACCESS,
    f"{_OWN}Access/RevokeToken": _P.ACCESS,
    f"{_OWN}Access/ListTokens": _P.ACCESS,
    f"{_OWN}Keys/Status": _P.KEYS,
    f"{_OWN}Keys/Rotate": _P.KEYS,
}

FORWARDED: Final[Mapping[str, Permission]] = {
    "/deployforge.state_manager.v1.State/Get": _P.READ,
    "/deployforge.state_manager.v1.State/History": _P.READ,
    "/deployforge.state_manager.v1.State/ResourceHistory": _P.READ,
    "/deployforge.state_manager.v1.State/Diff": _P.READ,
    "/deployforge.state_manager.v1.State/LastKnownGood": _P.READ,
    "/deployforge.state_manager.v1.State/Graph": _P.READ,
    f"{_STATE}Watch": _P.READ,
    f"{_STATE}Export": _P.READ,
    f"{_STATE}Import": _P.MAINTAIN,
    f"{_STATE}Rebuild": _P.MAINTAIN,
    f"{_STATE}RebuildStatus": _P.MAINTAIN,
    "/deployforge.state_manager.v1.Inventory/List": _P.READ,
    "/deployforge.state_manager.v1.Inventory/Count": _P.READ,
    "/deployforge.drift_detector.v1.Drift/List": _P.READ,
    "/deployforge.drift_detector.v1.Drift/Get": _P.READ,
    "/deployforge.drift_detector.v1.Drift/Scan": _P.SCAN,
    "/deployforge.drift_detector.v1.Drift/Coverage": _P.READ,
    "/deployforge.drift_detector.v1.Drift/Baseline": _P.READ,
    "/deployforge.drift_detector.v1.Drift/Noise": _P.READ,
    "/deployforge.drift_detector.v1.Drift/Ignores": _P.READ,
    "/deployforge.drift_detector.v1.Drift/Impact": _P.READ,
    "/deployforge.healer.v1.Healing/ListIncidents": _P.READ,
    "/deployforge.healer.v1.Healing/Explain": _P.READ,
    "/deployforge.healer.v1.Healing/Pause": _P.HEALING,
    "/deployforge.healer.v1.Healing/Resume": _P.HEALING,
    "/deployforge.orchestrator.v1.Plans/Get": _P.READ,
    "/deployforge.orchestrator.v1.Executions/Get": _P.READ,
    "/deployforge.orchestrator.v1.Executions/Verified": _P.READ,
    "/deployforge.orchestrator.v1.Executions/Undeclared": _P.READ,
    "/deployforge.mcal.v1.Clouds/ListTypes": _P.READ,
    "/deployforge.mcal.v1.Topology/Networks": _P.READ,
    "/deployforge.mcal.v1.Topology/Path": _P.READ,
    f"{_CREDENTIALS}PublicKey": _P.CREDENTIALS,
    f"{_CREDENTIALS}Put": _P.CREDENTIALS,
    f"{_CREDENTIALS}List": _P.CREDENTIALS,
    f"{_CREDENTIALS}Remove": _P.CREDENTIALS,
    f"{_CREDENTIALS}Test": _P.CREDENTIALS,
}
"""Methods of other services that are served here under their own names."""

_PARKING: Final = "/deployforge.common.v1.Parking/"

GATHERED: Final[Mapping[str, Permission]] = {f"{_PARKING}List": _P.EVENTS, f"{_PARKING}Replay": _P.EVENTS}
"""Methods that every service has, served here for all of them together."""

GLOBAL: Final = frozenset({
    f"{_CREDENTIALS}PublicKey", f"{_CREDENTIALS}Put", f"{_CREDENTIALS}List", f"{_CREDENTIALS}Remove",
    f"{_CREDENTIALS}Test", f"{_STATE}Rebuild", f"{_STATE}RebuildStatus", f"{_STATE}Import",
})  # fmt: skip
"""Methods about what belongs to no namespace and may not be managed from within one."""

MUTATING: Final = frozenset({
    f"{_OWN}Deployments/Submit", f"{_OWN}Deployments/Propose", f"{_OWN}Deployments/Execute",
    f"{_OWN}Deployments/Approve", f"{_OWN}Deployments/Reject", f"{_OWN}Deployments/Cancel",
    f"{_OWN}Deployments/Shred", f"{_OWN}Access/CreateToken", f"{_OWN}Access/RevokeToken",
    "/deployforge.drift_detector.v1.Drift/Scan",
    "/deployforge.healer.v1.Healing/Pause", "/deployforge.healer.v1.Healing/Resume",
    f"{_CREDENTIALS}Put", f"{_CREDENTIALS}Remove", f"{_CREDENTIALS}Test", f"{_OWN}Keys/Rotate", f"{_PARKING}Replay",
    f"{_STATE}Rebuild", f"{_STATE}Import",
})  # fmt: skip
"""Methods that change something, here or elsewhere, or use a root credential: each call of one is audited."""

PATIENT: Final = frozenset({
    f"{_OWN}Deployments/Submit", f"{_OWN}Deployments/Propose", f"{_OWN}Deployments/Execute",
    "/deployforge.drift_detector.v1.Drift/Scan",
})  # fmt: skip
"""Methods that begin new work, refused while too much waits. What stops, decides or takes away is always served."""

_PEOPLE: Final = frozenset({CLIENT})

RULES: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys((*OWN, *FORWARDED, *GATHERED), _PEOPLE),
    f"{_OWN}Deployments/Propose": frozenset({HEALER}),
}
"""Which certificates may call what."""


def action(method: str) -> str:
    """How the audit log names a method, `Deployments.Approve`."""
    service, _, name = method.rpartition("/")
    return f"{service.rpartition('.')[2]}.{name}"
