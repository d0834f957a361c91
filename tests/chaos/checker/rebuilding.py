"""Read models, and the plan of faults."""

from collections.abc import Iterator

from tests.chaos.checker.evidence import Finding, History


def projections_are_rebuilt_alike(history: History) -> Iterator[Finding]:
    """Every read model, derived again from the log alone, is what it was, byte for byte.

    So no write of a projection was lost or applied twice in a crash, and no projection depends on anything but
    the log. A run that compared none proves nothing.
    """
    if not history.projections:
        yield Finding("the run", "no read model was rebuilt")
    for p in history.projections:
        if p.before != p.after:
            first = f", first in {p.first_difference}" if p.first_difference else ""
            yield Finding(f"{p.service} {p.name}", f"{p.rows} rows differ after the rebuild{first}")


def every_fault_fired(history: History) -> Iterator[Finding]:
    """Every planned fault really happened, and something shows that it did.

    A run whose faults missed their targets is green for the wrong reason.
    """
    for fault in history.faults:
        where = f"fault {fault.number}: {fault.kind} {fault.target}"
        if not fault.fired_at:
            yield Finding(where, f"was planned for {fault.planned_at:.3f} and never fired")
        elif not fault.evidence:
            yield Finding(where, f"is said to have fired at {fault.fired_at:.3f}, and nothing shows it")
