"""Commands about incidents and remedies."""

from typing import Annotated

import typer
from deployforge_client.naming import Ref, reference
from rich.markup import escape

from deployforge_cli.output import Format, console, emit, moment, named, plain, severity, short, table
from deployforge_cli.session import ContextName, DeploymentName, Output, command, connected

app = typer.Typer(no_args_is_help=True, help="What was done about drift, and why.")


@app.command()
@command
def incidents(
    deployment: Annotated[str | None, typer.Argument(metavar="[NAMESPACE/NAME]", help="Default: all you may read.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are not closed.")] = False,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """List incidents, newest first."""
    with connected(context) as client:
        found = client.incidents(reference(deployment) if deployment else Ref(), open_only=open_only).incidents
    if output is not Format.table:
        emit([plain(i) for i in found], output)
        return
    table(
        "incidents",
        (
            "deployment",
            "resource",
            "severity",
            "state",
            "remedy",
            "attempts",
            "opened (UTC)",
            "closed (UTC)",
            "id",
        ),
        (
            (
                named(i.deployment),
                short(i.urn),
                severity(i.severity),
                i.state,
                i.remedy or "-",
                str(i.attempts),
                moment(i.opened_at),
                moment(i.closed_at),
                i.incident_id,
            )
            for i in found
        ),
    )


@app.command()
@command
def explain(incident_id: str, output: Output = Format.table, context: ContextName = None) -> None:
    """Show every decision about an incident: the alternatives, and why each was taken or not."""
    with connected(context) as client:
        answer = client.explain(incident_id)
    if output is not Format.table:
        emit(plain(answer), output)
        return
    i = answer.incident
    console.print(
        f"[bold]{short(i.urn)}[/] {severity(i.severity)} {i.state}" + (f": {escape(i.reason)}" if i.reason else "")
    )
    for d in answer.decisions:
        console.print(f"{moment(d.at)}  attempt {d.attempt}: [bold]{d.remedy}[/] → {d.outcome}  [dim]{escape(d.reason)}[/]")
        for a in d.alternatives:
            sign = "[green]allowed[/]" if a.allowed else "[red]not allowed[/]"
            console.print(f"    {a.remedy:<10} {sign}  {escape(a.reason)}", highlight=False)
        console.print(f"    [dim]policy {d.policy_digest[:19]}…, request {d.request_id or '-'}[/]")


@app.command()
@command
def pause(
    deployment: DeploymentName,
    reason: Annotated[str, typer.Option(help="Kept in the audit log.")] = "",
    context: ContextName = None,
) -> None:
    """Start no remedy until healing is resumed."""
    with connected(context) as client:
        client.pause_healing(deployment, reason)
    console.print(f"healing of {deployment} is paused")


@app.command()
@command
def resume(deployment: DeploymentName, context: ContextName = None) -> None:
    """Let remedies start again."""
    with connected(context) as client:
        client.resume_healing(deployment)
    console.print(f"healing of {deployment} is on")
