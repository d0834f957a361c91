"""Commands about the facts themselves: as they come, and those that a service could not apply."""

from typing import Annotated

import typer
from deployforge_client.errors import BadRequest

from deployforge_cli.exits import Exit
from deployforge_cli.output import Format, console, emit, moment, named, plain, table
from deployforge_cli.progress import event_line
from deployforge_cli.session import ContextName, Output, command, connected

app = typer.Typer(no_args_is_help=True, help="The facts themselves.")

Service = Annotated[str, typer.Option("--service", "-s", help="The service that could not apply them; default: all.")]


@app.command()
@command
def tail(
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Only this namespace.")] = "",
    since_start: Annotated[bool, typer.Option("--all", help="From the beginning, not from now.")] = False,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Print facts of all deployments as they come."""
    with connected(context) as client:
        for event in client.watch(namespace=namespace, after=0 if since_start else -1):
            if output is Format.table:
                console.print(f"{event_line(event)} [dim]{named(event.deployment)}[/]", highlight=False)
            else:
                emit(plain(event), output)


@app.command()
@command
def parked(
    service: Service = "",
    topic: Annotated[str, typer.Option(help="Only of this topic, orchestrator.executions.")] = "",
    size: Annotated[int, typer.Option(help="Rows of each service, at most 500.")] = 100,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """List events that a service could not apply, oldest first, with the reason."""
    with connected(context) as client:
        answer = client.parked(service=service, topic=topic, size=size)
    if output is not Format.table:
        emit(plain(answer), output)
        return
    table(
        "parked events",
        ("service", "topic", "key", "event", "type", "parked (UTC)", "tries", "reason"),
        (
            (e.service, e.topic, e.key, e.event_id, e.type, moment(e.parked_at), str(e.attempts), e.reason)
            for e in answer.events
        ),
    )
    for state in answer.states:
        if state.paused:
            console.print(f"[red]{state.service} consumes nothing:[/] {state.paused}", highlight=False)
        if state.unreachable:
            console.print(f"[yellow]{state.service} could not be asked:[/] {state.unreachable}", highlight=False)


@app.command()
@command
def replay(
    service: Service = "",
    key: Annotated[str, typer.Option(help="Only the events of this key.")] = "",
    every: Annotated[bool, typer.Option("--all", help="The events of all keys.")] = False,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Apply parked events again, in order; what fails again stays parked. Exit code 1 when anything is left."""
    if bool(key) == every:
        raise BadRequest("say which events", hint="write --key KEY, or --all")
    with connected(context) as client:
        answer = client.replay(service=service, key=key)
    if output is not Format.table:
        emit(plain(answer), output)
    else:
        table(
            "replayed",
            ("service", "topic", "key", "applied", "left", "reason"),
            ((k.service, k.topic, k.key, str(k.applied), str(k.left), k.reason) for k in answer.keys),
        )
    if any(k.left or k.reason for k in answer.keys):
        raise typer.Exit(Exit.FAILED)
