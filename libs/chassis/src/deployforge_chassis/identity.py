"""Who is who on the wire: service names and their SPIFFE ids.

A certificate names its holder twice: the URI `spiffe://deployforge/<name>` is what gRPC rules judge, the
common name `<name>` is what the broker makes a principal of.
"""

from typing import Final

TRUST_DOMAIN: Final = "spiffe://deployforge/"

CONTROL_PLANE: Final = "control-plane"
ORCHESTRATOR: Final = "orchestrator"
MCAL: Final = "mcal"
STATE_MANAGER: Final = "state-manager"
DRIFT_DETECTOR: Final = "drift-detector"
HEALER: Final = "healer"
CLIENT: Final = "client"
"""People and programs outside the system, and the tools that an operator runs."""
BROKER: Final = "broker"

SERVICES: Final = (CONTROL_PLANE, ORCHESTRATOR, STATE_MANAGER, DRIFT_DETECTOR, HEALER, MCAL)
"""In the order of their ports."""
CALLERS: Final = frozenset({*SERVICES, CLIENT})
"""Everyone who may open a gRPC connection at all."""


class NotOurs(ValueError):
    """A SPIFFE id outside our trust domain, or one that names nobody we know."""

    def __init__(self, spiffe: str) -> None:
        super().__init__(f"{spiffe!r} is not an identity of {TRUST_DOMAIN}")
        self.spiffe = spiffe


def spiffe_id(name: str) -> str:
    """The SPIFFE id of a service or of `client`."""
    return TRUST_DOMAIN + name


def name_of(spiffe: str) -> str:
    """The bare name in a SPIFFE id; refuses (NotOurs) other trust domains and unknown names."""
    name = spiffe.removeprefix(TRUST_DOMAIN)
    if name == spiffe or name not in CALLERS:
        raise NotOurs(spiffe)
    return name
