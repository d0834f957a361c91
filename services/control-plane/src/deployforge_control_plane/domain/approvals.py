"""A plan that waits for people: under which rule, until when, and who has approved it so far."""

from dataclasses import dataclass, replace
from datetime import datetime

from deployforge_control_plane.domain.refusals import AlreadyApproved, ApprovalExpired, AuthorMayNotApprove
from deployforge_control_plane.domain.values import ApprovalRule


@dataclass(frozen=True)
class Approvals:
    """Grows by one person at a time; never shrinks."""

    rule: ApprovalRule
    why: str
    expires_at: datetime
    given: tuple[tuple[str, datetime], ...] = ()

    def judge(self, request_id: str, author: str, approver: str, at: datetime) -> None:
        """Refuse an approval that would not count."""
        if at >= self.expires_at:
            raise ApprovalExpired(request_id)
        if self.rule.distinct_from_author and approver == author:
            raise AuthorMayNotApprove(request_id, author)
        if approver in self.approvers:
            raise AlreadyApproved(request_id, approver)

    def add(self, approver: str, at: datetime) -> "Approvals":
        """These, and one more."""
        return replace(self, given=(*self.given, (approver, at)))

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who has approved, in order."""
        return tuple(who for who, _ in self.given)

    @property
    def enough(self) -> bool:
        """Nobody else is needed."""
        return len(self.given) >= self.rule.required
