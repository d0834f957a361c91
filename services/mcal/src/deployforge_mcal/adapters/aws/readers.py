"""Credentials for reading: one, or as many as it takes for each to say exactly what it may read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from deployforge_mcal.adapters.aws.policies import TooLong
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.operation import Grant


@dataclass(frozen=True)
class AwsReaders:
    """Read-only sessions, by the types that each reads."""

    sessions: Mapping[str, AwsSession]

    @property
    def grant(self) -> Grant:
        """What all of them may do together, until the first of them ends."""
        grants = list(dict.fromkeys(session.grant for session in self.sessions.values()))
        actions = sorted({action for grant in grants for action in grant.actions})
        scope = sorted({place for grant in grants for place in grant.scope})
        first = min(grants, key=lambda grant: grant.expires_at)
        return replace(first, actions=tuple(actions), scope=tuple(scope))

    def waiting(self) -> "AwsReaders":
        """The same for a scan."""
        patient = {id(session): session.waiting() for session in self.sessions.values()}
        return AwsReaders({type: patient[id(session)] for type, session in self.sessions.items()})

    def of(self, type: str) -> AwsSession:
        """The session that reads a type."""
        return self.sessions[type]


def opened(types: Sequence[str], open_for: Callable[[Sequence[str]], AwsSession]) -> AwsReaders:
    """Sessions for these types: where one policy is too long, in characters or as IAM packs it, half of them each. Raises
    ProviderFailure."""
    wanted = sorted(set(types))
    try:
        session = open_for(wanted)
    except TooLong:
        if len(wanted) < 2:
            raise
        middle = len(wanted) // 2
        return AwsReaders({**opened(wanted[:middle], open_for).sessions, **opened(wanted[middle:], open_for).sessions})
    return AwsReaders(dict.fromkeys(wanted, session))
