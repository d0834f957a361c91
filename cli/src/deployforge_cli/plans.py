"""How a plan looks to a person: what changes, attribute by attribute, and in which order."""

from collections.abc import Mapping
from typing import Final

from deployforge.common.v1 import common_pb2
from deployforge.orchestrator.v1 import plans_pb2
from rich.markup import escape

from deployforge_cli.output import console, shown_value, word

SIGN = {
    plans_pb2.CHANGE_ACTION_CREATE: ("+", "green"),
    plans_pb2.CHANGE_ACTION_UPDATE: ("~", "yellow"),
    plans_pb2.CHANGE_ACTION_REPLACE: ("-/+", "magenta"),
    plans_pb2.CHANGE_ACTION_DELETE: ("-", "red"),
    plans_pb2.CHANGE_ACTION_ADOPT: ("<", "cyan"),
    plans_pb2.CHANGE_ACTION_CORRECT: ("↺", "yellow"),
    plans_pb2.CHANGE_ACTION_RECREATE: ("↻", "magenta"),
}


#: urn → path → native property, see `vocabulary.mapping`
Held = Mapping[str, Mapping[str, str]]
_UNTOLD: Final[Held] = {}


def show_plan(plan: plans_pb2.Plan, held: Held = _UNTOLD) -> None:
    """Print a plan: changes by unit, then warnings and the totals. `held` explains the mapping to native properties."""
    by_unit: dict[str, list[plans_pb2.ResourceChange]] = {}
    for change in plan.changes:
        by_unit.setdefault(change.unit_id, []).append(change)
    for unit in sorted(plan.units, key=lambda u: (u.stage, u.unit_id)):
        changes = [c for c in by_unit.pop(unit.unit_id, []) if c.action != plans_pb2.CHANGE_ACTION_NONE]
        console.print(f"[bold]stage {unit.stage}[/]  {unit.provider} {unit.account} {unit.location}  [dim]{unit.name}[/]")
        if not changes:
            console.print("  [dim]no changes[/]")
        for change in changes:
            _show_change(change, held)
    for leftover in by_unit.values():
        for change in leftover:
            _show_change(change, held)
    for warning in plan.warnings:
        console.print(f"[yellow]warning:[/] {escape(warning)}")
    console.print(_totals(plan))


def _show_change(change: plans_pb2.ResourceChange, held: Held) -> None:
    sign, style = SIGN.get(change.action, (" ", "dim"))
    action = word(plans_pb2.ChangeAction, change.action)
    console.print(f"  [{style}]{sign:>3} {escape(change.name)}[/]  {change.type}  [dim]{action}[/]{_becomes(change, held)}")
    if change.replacement_reason:
        console.print(f"        [magenta]replaced because {escape(change.replacement_reason)}[/]")
    for attribute in change.attributes:
        native = held.get(change.urn, {}).get(attribute.path, "")
        told = f"  [cyan]→ {escape(native)}[/]" if native else ""
        console.print("        " + _attribute(attribute) + told, highlight=False)


def _becomes(change: plans_pb2.ResourceChange, held: Held) -> str:
    return f"  [cyan]→ {escape(change.native_type)}[/]" if held.get(change.urn) else ""


def _attribute(attribute: common_pb2.AttributeChange) -> str:
    after = "(known after apply)" if attribute.unknown else shown_value(attribute.after_json)
    forces = "  [magenta]# forces replacement[/]" if attribute.requires_replacement else ""
    if not attribute.before_json:
        return f"{escape(attribute.path)} = {escape(after)}{forces}"
    before = shown_value(attribute.before_json)
    return f"{escape(attribute.path)}: {escape(before)} → {escape(after)}{forces}"


def _totals(plan: plans_pb2.Plan) -> str:
    counts: dict[str, int] = {}
    for change in plan.changes:
        action = word(plans_pb2.ChangeAction, change.action)
        counts[action] = counts.get(action, 0) + 1
    unchanged = counts.pop("none", 0)
    if not counts:
        return f"[green]nothing to change[/] ({unchanged} resources as declared)"
    cost = f", {plan.monthly_cost_delta_usd} USD a month" if plan.monthly_cost_delta_usd else ""
    listed = ", ".join(f"{number} to {action}" for action, number in sorted(counts.items()))
    return f"[bold]plan:[/] {listed}, {unchanged} unchanged, {len(plan.units)} units{cost}"
