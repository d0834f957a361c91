"""What is usual of resources, and what is thought of their drift, as people see it."""

from collections.abc import Sequence

from deployforge.drift_detector.v1 import drift_pb2
from rich.markup import escape

from deployforge_cli.output import console, moment, short, table

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def listed(deployment: str, baselines: Sequence[drift_pb2.ResourceBaseline]) -> None:
    """One line a resource."""
    table(
        f"what is usual in {deployment}",
        ("resource", "type", "changes", "usually every", "most often", "last (UTC)", "score of the last"),
        (
            (
                short(one.urn),
                one.type,
                str(one.rhythm.changes),
                _every(one.rhythm),
                _busiest(one.hours),
                moment(one.rhythm.last_at),
                f"{one.score:.2f}",
            )
            for one in baselines
        ),
        empty="nothing has drifted yet",
    )


def described(baseline: drift_pb2.ResourceBaseline) -> None:
    """All that is known of one resource."""
    rhythm = baseline.rhythm
    console.print(
        f"[bold]{short(baseline.urn)}[/] ({baseline.type}): {rhythm.changes} changes since {moment(rhythm.first_at)}, "
        f"usually every {_every(rhythm)}, most often {_busiest(baseline.hours)}"
    )
    console.print(f"  the last, at {moment(rhythm.last_at)}, was unusual by [bold]{baseline.score:.2f}[/] of 1")
    _reasons(baseline.reasons)
    table(
        "",
        ("attribute", "changes", "usually every", "usual number", "from", "level shifted (UTC)"),
        (
            (
                escape(one.path),
                str(one.rhythm.changes),
                _every(one.rhythm),
                f"{one.median:g} ± {one.spread:.3g}" if one.numbers else "-",
                f"{one.numbers} values" if one.numbers else "-",
                moment(one.shifted_at),
            )
            for one in reversed(baseline.attributes)
        ),
        empty="  no attribute has changed",
    )
    for one in reversed(baseline.actors):
        console.print(f"  {escape(one.actor)}: {one.rhythm.changes} changes, usually every {_every(one.rhythm)}")


def looks_like(record: drift_pb2.DriftRecord) -> str:
    """The class that a drift is thought to be of, with its probability; empty while nobody has said."""
    told = record.anomaly
    if not told.label:
        return ""
    return f"{told.label} ({told.probability:.0%})" if told.model else told.label


def anomaly(record: drift_pb2.DriftRecord) -> None:
    """What is thought of one drift, and why."""
    told = record.anomaly
    if not told.label:
        return
    others = [f"{one.label} {one.probability:.0%}" for one in told.likelihoods[:3] if one.label != told.label]
    by = f", by {escape(told.actor)}" if told.actor else ""
    console.print(f"  looks like [bold]{looks_like(record)}[/]{by} [dim]{'; '.join(others)}[/]", highlight=False)
    for one in told.contributions:
        console.print(f"    {one.weight:+.2f} {one.feature} = {one.value:g}", highlight=False)
    console.print(f"  unusual by [bold]{told.score:.2f}[/] of 1", highlight=False)
    _reasons(told.reasons)


def _reasons(reasons: Sequence[drift_pb2.ScoreReason]) -> None:
    for reason in reasons:
        console.print(f"    {reason.part:.2f} {escape(reason.words)}", highlight=False)


def _every(rhythm: drift_pb2.Rhythm) -> str:
    seconds = rhythm.usual_gap_seconds
    if rhythm.changes < 2:
        return "-"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _busiest(hours: Sequence[int]) -> str:
    if not any(hours):
        return "-"
    hour = max(range(len(hours)), key=lambda at: hours[at])
    return f"{_DAYS[hour // 24]} {hour % 24:02}:00 ({hours[hour]} of {sum(hours)})"
