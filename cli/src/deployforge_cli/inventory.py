"""`deployforge inventory`: what there is, over all deployments and clouds, managed or not."""

from typing import Annotated

import typer
from deployforge.state_manager.v1 import state_pb2
from deployforge_client.naming import Ref, reference

from deployforge_cli import moments
from deployforge_cli.output import Format, console, emit, more, named, plain, short, table
from deployforge_cli.session import ContextName, Output, command, connected
from deployforge_cli.states import AsOf, KnownAt


@command
def inventory(
    deployment: Annotated[
        str | None, typer.Argument(metavar="[NAMESPACE[/NAME]]", help="Default: all you may read.")
    ] = None,
    type: Annotated[str, typer.Option(help="Only this resource type.")] = "",
    provider: Annotated[str, typer.Option(help="Only this provider.")] = "",
    location: Annotated[str, typer.Option(help="Only this region or location.")] = "",
    drift: Annotated[str, typer.Option(help="in-sync, drifted, missing, unknown.")] = "",
    criticality: Annotated[str, typer.Option(help="low, normal, high.")] = "",
    state: Annotated[str, typer.Option(help="managed, missing, unmanaged (belongs to no deployment).")] = "",
    tag: Annotated[str, typer.Option(help="KEY=VALUE, or KEY.")] = "",
    sort: Annotated[str, typer.Option(help="urn, changed (newest first), type.")] = "urn",
    counts: Annotated[bool, typer.Option("--counts", help="How many of what, instead of each.")] = False,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    size: Annotated[int, typer.Option(min=1, max=500, help="Rows a page.")] = 100,
    cursor: Annotated[str, typer.Option(help="Go on where the last page ended.")] = "",
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """List resources over all deployments and clouds, and what is in their accounts and belongs to none."""
    where = reference(deployment) if deployment and "/" in deployment else Ref(namespace=deployment or "")
    filters = {
        "type": type, "provider": provider, "location": location, "drift": drift, "criticality": criticality,
        "state": state, "tag": tag,
    }  # fmt: skip
    then, by_then = moments.optional(as_of), moments.optional(known_at)
    with connected(context) as client:
        if counts:
            _show_counts(client.inventory_counts(where, **filters), output)
            return
        answer = client.inventory(
            where, size=size, cursor=cursor, sort=sort, as_of=then, known_at=by_then, **filters
        )  # fmt: skip
    if output is not Format.table:
        emit(plain(answer), output)
        return
    table(
        "inventory",
        ("deployment", "resource", "type", "provider", "location", "state", "drift", "owner", "physical id"),
        (
            (
                named(i.deployment),
                short(i.urn),
                i.type,
                i.provider,
                i.location,
                i.state,
                i.drift or "-",
                i.owner or "-",
                i.physical_id,
            )
            for i in answer.items
        ),
    )
    more(answer.next_cursor)


def _show_counts(counted: state_pb2.InventoryCountResponse, output: Format) -> None:
    if output is not Format.table:
        emit(plain(counted), output)
        return
    table(
        f"{counted.total} resources" + ("" if counted.exact else ", and more: these are counted of the first alone"),
        ("facet", "value", "count"),
        ((facet.name, v.value or "-", str(v.count)) for facet in counted.facets for v in facet.values),
    )
    if not counted.exact:
        console.print("name fewer filters, or a namespace alone, for exact counts", style="dim")
