"""What drifts again and again, and what drifted together, as people see it."""

from collections.abc import Sequence

from deployforge.drift_detector.v1 import drift_pb2
from deployforge.orchestrator.v1 import plans_pb2
from rich.markup import escape

from deployforge_cli.output import console, moment, named, short, shown_value, table

_SHOWN = 4


def described(answer: drift_pb2.NoiseResponse, days: int) -> None:
    """Tables, and the rules that a manifest would hold; nothing is ignored until somebody writes them there."""
    table(
        f"noise: {answer.drifts} drifts in {days} days",
        ("type", "attribute", "drifts", "open", "usually for", "resources"),
        (
            (
                one.type,
                escape(one.path),
                str(one.episodes),
                str(one.still_open),
                _seconds(one.median_seconds),
                _names(one.resources),
            )
            for one in answer.attributes
        ),
        empty="none; no attribute has drifted five times",
    )
    if answer.attributes:
        console.print("to ignore them, in the manifest under spec.drift.ignore:")
        for one in answer.attributes:
            rule = f'- {{resource: "{one.resource_glob}", path: "{one.path}", reason: "drifted {one.episodes} times"}}'
            console.print(f"  {escape(rule)}", highlight=False, soft_wrap=True)
    table(
        "changed together",
        ("what", "by", "drifts", "resources", "from (UTC)", "to (UTC)"),
        (
            (
                escape(one.what),
                escape(one.actor) or "-",
                str(len(one.drift_ids)),
                _names(one.resources),
                moment(one.since),
                moment(one.until),
            )
            for one in answer.groups
        ),
        empty="none",
    )


def _names(names: Sequence[str]) -> str:
    shown = list(names)[:_SHOWN]
    more = len(names) - len(shown)
    return ", ".join(map(escape, shown)) + (f" and {more} more" if more else "")


def _seconds(seconds: float) -> str:
    if not seconds:
        return "-"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def ignored(rules: Sequence[drift_pb2.IgnoreRule]) -> None:
    """A table of rules, what they hide, and the unused ones by name."""
    table(
        "ignore rules",
        ("deployment", "rule", "state", "hides", "since (UTC)", "last (UTC)", "until", "reason"),
        (
            (
                named(one.deployment),
                escape(_rule(one)),
                one.state,
                f"{one.hidden_differences} of {one.hidden_resources} of {one.concerned} resources",
                moment(one.since),
                moment(one.last),
                moment(one.until),
                escape(one.reason),
            )
            for one in rules
        ),
        empty="none",
    )
    for one in rules:
        paths = sorted({hidden.path or "missing" for hidden in one.hidden})
        if paths:
            names = _names(sorted({hidden.resource for hidden in one.hidden}))
            console.print(f"{escape(_rule(one))} hides {escape(', '.join(paths))} of {names}", highlight=False)
    for state, words in (("unused", "has never hidden anything"), ("expired", "has run out and hides nothing")):
        for one in rules:
            if one.state == state:
                console.print(f"{named(one.deployment)}: {escape(_rule(one))} {words}", style="yellow", highlight=False)


def _rule(one: drift_pb2.IgnoreRule) -> str:
    return f"{one.resource}: {one.path}" + (f" ({one.when})" if one.when else "")


def undeclared(found: Sequence[plans_pb2.UndeclaredResource]) -> None:
    """What nobody declared, before and now; it is no drift."""
    table(
        "undeclared, and no drift",
        ("resource", "type", "attribute", "as verified", "now"),
        (
            (
                short(one.urn),
                one.type,
                escape(a.path),
                escape(shown_value(a.before_json)),
                escape(shown_value(a.after_json)),
            )
            for one in found
            for a in one.attributes
        ),
        empty="none; what nobody declared is as it was verified",
    )
    for one in found:
        if one.reason:
            console.print(f"{short(one.urn)}: not looked at: {escape(one.reason)}", style="yellow", highlight=False)
