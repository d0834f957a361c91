"""Checks the record of a chaos run against what DeployForge promises. See docs/operations/chaos.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.chaos.checker.auditing import everything_is_audited_once
from tests.chaos.checker.cloud import nothing_is_orphaned, one_create_per_token, units_are_worked_on_one_at_a_time
from tests.chaos.checker.delivery import nothing_is_lost, order_is_kept_per_key
from tests.chaos.checker.endings import everything_ends
from tests.chaos.checker.evidence import Finding, History, Invariant, Violation
from tests.chaos.checker.publishing import every_fact_is_published, leaders_follow_each_other, newest_upsert_wins
from tests.chaos.checker.rebuilding import every_fault_fired, projections_are_rebuilt_alike
from tests.chaos.checker.requests import accepted_is_effected_once
from tests.chaos.checker.streams import versions_are_gapless

__all__ = ["INVARIANTS", "Finding", "History", "Violation", "check", "violations"]

INVARIANTS: Final[Mapping[str, Invariant]] = {
    "effected-once": accepted_is_effected_once,
    "gapless-streams": versions_are_gapless,
    "published": every_fact_is_published,
    "one-leader": leaders_follow_each_other,
    "newest-upsert": newest_upsert_wins,
    "order-per-key": order_is_kept_per_key,
    "nothing-lost": nothing_is_lost,
    "one-create-per-token": one_create_per_token,
    "no-orphan": nothing_is_orphaned,
    "one-at-a-time": units_are_worked_on_one_at_a_time,
    "audited-once": everything_is_audited_once,
    "rebuilt-alike": projections_are_rebuilt_alike,
    "all-ended": everything_ends,
    "faults-fired": every_fault_fired,
}
"""Name → what must hold. The names appear in reports and in the documentation."""


def violations(history: History) -> list[Violation]:
    """Everything that breaks an invariant, in the order of INVARIANTS."""
    return [
        Violation(name, finding.where, finding.what)
        for name, invariant in INVARIANTS.items()
        for finding in invariant(history)
    ]


def check(directory: Path) -> Sequence[Violation]:
    """Check the history in a directory. Raises BadHistory when a line is no record."""
    return violations(History.load(directory))
