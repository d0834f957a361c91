"""Commands about what is and was deployed: history, differences, inventory, graph."""

from typing import Annotated

import typer
from deployforge_client.client import Ref, reference
from rich.markup import escape

from deployforge_cli.output import Format, console, emit, moment, named, plain, short, shown_value, table
from deployforge_cli.session import ContextName, DeploymentName, Output, command, connected

_CHANGE_SIGN = {"added": "[green]+[/]", "removed": "[red]-[/]", "changed": "[yellow]~[/]"}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for function in (history, diff, inventory, graph, outputs):
        app.command(function.__name__)(function)


@command
def history(deployment: DeploymentName, output: Output = Format.table, context: ContextName = None) -> None:
    """Show every version: what, who, when, approved by whom, and whether it is known good."""
    with connected(context) as client:
        versions = client.history(deployment).versions
    if output is not Format.table:
        emit([plain(v) for v in versions], output)
        return
    table(
        f"history of {deployment}",
        (
            "version",
            "desired",
            "action",
            "author",
            "approved by",
            "resources",
            "good",
            "effective (UTC)",
            "digest",
        ),
        (
            (
                str(v.version),
                str(v.desired_version),
                v.action,
                v.author,
                ", ".join(v.approvers) or "-",
                str(v.resources),
                "yes" if v.good else "-",
                moment(v.effective_at),
                v.digest[7:19],
            )
            for v in versions
        ),
    )


@command
def diff(
    deployment: DeploymentName,
    from_version: Annotated[int, typer.Argument(metavar="FROM")],
    to_version: Annotated[int, typer.Argument(metavar="[TO]", help="Default: the newest.")] = 0,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Show what changed between two versions, attribute by attribute."""
    with connected(context) as client:
        answer = client.diff(deployment, from_version, to_version)
    if output is not Format.table:
        emit(plain(answer), output)
        return
    console.print(f"[bold]{deployment}[/] version {answer.from_version} → {answer.to_version}")
    if not answer.resources:
        console.print("no difference", style="dim")
    for resource in answer.resources:
        console.print(f"{_CHANGE_SIGN.get(resource.change, ' ')} {resource.name} [dim]{resource.change}[/]")
        for a in resource.attributes:
            before, after = shown_value(a.before_json), shown_value(a.after_json)
            console.print(f"    {escape(a.path)}: {escape(before)} → {escape(after)}", highlight=False)


@command
def inventory(
    deployment: Annotated[str | None, typer.Argument(metavar="[NAMESPACE/NAME]", help="Default: all you may read.")] = None,
    type: Annotated[str, typer.Option(help="Only this resource type.")] = "",
    provider: Annotated[str, typer.Option(help="Only this provider.")] = "",
    location: Annotated[str, typer.Option(help="Only this region or location.")] = "",
    size: Annotated[int, typer.Option(help="Rows a page, at most 500.")] = 100,
    cursor: Annotated[str, typer.Option(help="Go on where the last page ended.")] = "",
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """List resources over all deployments and clouds."""
    where = reference(deployment) if deployment and "/" in deployment else Ref(namespace=deployment or "")
    with connected(context) as client:
        answer = client.inventory(where, type=type, provider=provider, location=location, size=size, cursor=cursor)
    if output is not Format.table:
        emit(plain(answer), output)
        return
    table(
        "inventory",
        ("deployment", "resource", "type", "provider", "location", "drift", "physical id"),
        (
            (
                named(i.deployment),
                short(i.urn),
                i.type,
                i.provider,
                i.location,
                i.drift or "-",
                i.physical_id,
            )
            for i in answer.items
        ),
    )
    if answer.next_cursor:
        console.print(f"more: --cursor {answer.next_cursor}", style="dim")


@command
def graph(deployment: DeploymentName, output: Output = Format.table, context: ContextName = None) -> None:
    """Show which resource depends on which."""
    with connected(context) as client:
        answer = client.graph(deployment)
    if output is not Format.table:
        emit(plain(answer), output)
        return
    table(
        f"dependencies of {deployment}",
        ("resource", "depends on", "reason"),
        ((short(e.from_urn), short(e.to_urn), e.reason) for e in answer.edges),
    )


@command
def outputs(deployment: DeploymentName, output: Output = Format.table, context: ContextName = None) -> None:
    """Print the outputs of the newest version."""
    with connected(context) as client:
        answer = plain(client.state(deployment)).get("outputs") or {}
    if output is not Format.table:
        emit(answer, output)
        return
    table(f"outputs of {deployment}", ("name", "value"), ((k, str(v)) for k, v in sorted(answer.items())))
