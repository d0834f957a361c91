"""Commands about what is and was deployed: history, differences, inventory, graph."""

from typing import Annotated

import typer
from deployforge.state_manager.v1 import state_pb2
from deployforge_client.errors import BadRequest
from deployforge_client.naming import point
from rich.markup import escape

from deployforge_cli import moments
from deployforge_cli.output import Format, console, emit, moment, more, plain, short, shown_value, table
from deployforge_cli.session import ContextName, DeploymentName, Output, command, connected

_CHANGE_SIGN = {"added": "[green]+[/]", "removed": "[red]-[/]", "changed": "[yellow]~[/]", "moved": "[cyan]>[/]"}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for function in (history, diff, graph, outputs):
        app.command(function.__name__)(function)


@command
def history(
    deployment: DeploymentName,
    resource: Annotated[str, typer.Option(help="The life of this one resource instead, drift included.")] = "",
    size: Annotated[int, typer.Option(help="Rows a page, at most 500.")] = 100,
    cursor: Annotated[str, typer.Option(help="Go on where the last page ended.")] = "",
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Show every version: what, who, why, by which approval, which is known good, and which one to go back to."""
    with connected(context) as client:
        if resource:
            told = client.resource_history(deployment, resource, size=size, cursor=cursor)
        else:
            answer = client.history(deployment, size=size, cursor=cursor)
    if resource:
        _show_life(f"{resource} of {deployment}", told, output)
        return
    if output is not Format.table:
        emit([plain(v) for v in answer.versions], output)
        return
    table(
        f"history of {deployment}",
        ("version", "desired", "action", "author", "why", "released by", "resources", "state", "effective (UTC)", "plan"),
        (
            (
                str(v.version),
                str(v.desired_version),
                v.action,
                v.author,
                _why(v),
                _leave(v),
                str(v.resources),
                _marks(v, answer),
                moment(v.effective_at),
                v.plan_digest[7:19],
            )
            for v in answer.versions
        ),
    )
    if answer.rollback_target:
        console.print(f"back: deployforge rollback {deployment} --to {answer.rollback_target}", style="dim")
    more(answer.next_cursor)


def _why(v: state_pb2.Version) -> str:
    if v.reason.incident_id:
        return f"incident {v.reason.incident_id[:8]}: {v.reason.text or v.reason.remedy}"
    if v.reason.to_version:
        return f"back to {v.reason.to_version}"
    return v.reason.text or (f"request {v.request_id[:8]}" if v.request_id else "-")


def _leave(v: state_pb2.Version) -> str:
    return ", ".join(v.approval.approvers or v.approvers) or v.approval.rule or "-"


def _marks(v: state_pb2.Version, answer: state_pb2.HistoryResponse) -> str:
    if v.version == answer.last_known_good:
        return "last known good"
    return "rollback target" if v.version == answer.rollback_target else "good" if v.good else "-"


def _show_life(title: str, told: state_pb2.ResourceHistoryResponse, output: Format) -> None:
    if output is not Format.table:
        emit([plain(e) for e in told.events], output)
        return
    table(
        title,
        ("effective (UTC)", "known (UTC)", "what", "version", "physical id", "changed"),
        (
            (
                moment(e.effective_at),
                moment(e.recorded_at),
                e.drift or e.what,
                str(e.version or "-"),
                e.physical_id or "-",
                ", ".join(a.path for a in e.attributes) or "-",
            )
            for e in told.events
        ),
    )
    more(told.next_cursor)


@command
def diff(
    deployment: DeploymentName,
    before: Annotated[str, typer.Argument(metavar="FROM", help="A version, or a time.")],
    after: Annotated[str, typer.Argument(metavar="[TO]", help="A version, or a time. Default: the newest.")] = "",
    as_of: Annotated[str, typer.Option(help="The same as TO, as a time.")] = "",
    known_at: Annotated[str, typer.Option(help="Of the times, by what was known then.")] = "",
    from_known_at: Annotated[str, typer.Option(help="The same for FROM alone. Default: as for TO.")] = "",
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Show what changed between two versions or times, attribute by attribute."""
    if after and as_of:
        raise BadRequest("TO and --as-of both say where the difference ends", hint="give one of them")
    points = _point(before, from_known_at or known_at), _point(after or as_of, known_at)
    with connected(context) as client:
        answer = client.diff(deployment, *points)
    if output is not Format.table:
        emit(plain(answer), output)
        return
    console.print(f"[bold]{deployment}[/] version {answer.from_version} → {answer.to_version}")
    if not answer.resources:
        console.print("no difference", style="dim")
    for resource in answer.resources:
        was = f", was {short(resource.from_urn)}" if resource.from_urn else ""
        console.print(f"{_CHANGE_SIGN.get(resource.change, ' ')} {resource.name} [dim]{resource.change}{was}[/]")
        for a in resource.attributes:
            before_value, after_value = shown_value(a.before_json), shown_value(a.after_json)
            what = f"{before_value} → {after_value}"
            if a.from_path:
                what = f"moved from {a.from_path}: {after_value}"
            console.print(f"    {escape(a.path)}: {escape(what)}", highlight=False)


def _point(text: str, known_at: str) -> state_pb2.Point:
    """A number is a version, anything else a time; a version has been known since it exists."""
    if text.isdecimal() and text.isascii():
        return point(int(text))
    return point(0, moments.optional(text), moments.optional(known_at))


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
