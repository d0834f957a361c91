"""What can be declared, who supports it, and what a cloud calls it."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer
from deployforge.mcal.v1 import clouds_pb2
from deployforge.orchestrator.v1 import plans_pb2

from deployforge_cli.output import Format, console, emit, plain, table
from deployforge_cli.session import ContextName, Output, command, connected

_OVERLAY: Final = "native."


@command
def types(
    type: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="Show the properties of one type.")] = None,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Show what can be declared, and which provider supports what."""
    with connected(context) as client:
        answer = client.types()
    chosen = [t for t in answer.types if type is None or t.type == type]
    if not chosen and type is not None:
        known = ", ".join(t.type for t in answer.types)
        raise typer.BadParameter(f"no type {type!r}; there are {known}")
    if output is not Format.table:
        emit([plain(t) for t in chosen], output)
    elif type is None:
        _show_all(answer)
    else:
        _show(chosen[0])


def _show_all(answer: clouds_pb2.ListTypesResponse) -> None:
    providers = sorted({p for t in answer.types for p in t.support})
    rows = ((t.type, *(t.support.get(p, "none") for p in providers), t.description) for t in answer.types)
    table("types", ("type", *providers, "what it is"), rows)
    console.print(f"and {len(answer.native_types)} native types, as <provider>/<type>", style="dim")


def _show(of: clouds_pb2.TypeInfo) -> None:
    table(
        f"{of.type}: {of.description}",
        ("property", "type", "required", "replaces", "supported by", "meaning"),
        (
            (p.name, p.json_type, _yes(p.required), _yes(p.create_only), _supporting(p), p.description)
            for p in of.properties
        ),
    )
    table(
        "providers",
        ("provider", "supports it", "as", "without"),
        ((p, level, of.native_types.get(p, "-"), _without(of, p, level)) for p, level in sorted(of.support.items())),
    )
    console.print(f"others refer to: {', '.join(of.attributes)}", style="dim")


def _supporting(prop: clouds_pb2.PropertyInfo) -> str:
    return ", ".join(f"{p} ({prop.notes[p]})" if p in prop.notes else p for p in prop.providers) or "-"


def _without(of: clouds_pb2.TypeInfo, provider: str, level: str) -> str:
    if level == "none":
        return "everything"
    return ", ".join(p.name for p in of.properties if provider not in p.providers) or "-"


def _yes(value: bool) -> str:
    return "yes" if value else "-"


def mapping(plan: plans_pb2.Plan, known: clouds_pb2.ListTypesResponse) -> dict[str, dict[str, str]]:
    """urn → path of a changed attribute → native property that holds it. Of native types nothing is told, since their
    attributes are native already; of adapters that do not tell, nothing either."""
    types = {t.type: t for t in known.types}
    return {c.urn: dict(_mapped(c, types[c.type])) for c in plan.changes if c.type in types}


def _mapped(change: plans_pb2.ResourceChange, of: clouds_pb2.TypeInfo) -> Iterator[tuple[str, str]]:
    provider = next((p for p, native in of.native_types.items() if native == change.native_type), "")
    held = {p.name: p.native[provider] for p in of.properties if provider in p.native}
    for attribute in change.attributes:
        name, _, rest = attribute.path.partition(".")
        if attribute.path.startswith(_OVERLAY):
            yield attribute.path, rest
        elif name in held:
            yield attribute.path, held[name]


def explained(plan: plans_pb2.Plan, known: clouds_pb2.ListTypesResponse) -> dict[str, Any]:
    """A plan as plain data, with the native property of every attribute."""
    said = plain(plan)
    held = mapping(plan, known)
    for change in said.get("changes", ()):
        for attribute in change.get("attributes", ()):
            if native := held.get(change["urn"], {}).get(attribute["path"]):
                attribute["native"] = native
    return said
