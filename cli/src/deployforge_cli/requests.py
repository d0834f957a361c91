"""Commands about requests: deciding, watching, looking."""

import sys
from typing import Annotated

import typer
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_client import DeployForge
from deployforge_client.deployments import TERMINAL
from deployforge_client.naming import Ref

from deployforge_cli.ending import describe, finish, report
from deployforge_cli.output import Format, console, emit, moment, named, plain, table, word
from deployforge_cli.plans import show_plan
from deployforge_cli.progress import event_line, follow
from deployforge_cli.session import ContextName, Output, Timeout, Wait, command, connected

RequestOrName = Annotated[
    str, typer.Argument(metavar="REQUEST", help="A request id, or NAMESPACE/NAME for its newest request.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for function in (approve, reject, cancel, watch, status, list_deployments, manifest):
        name = "list" if function is list_deployments else function.__name__
        app.command(name)(function)


def resolve(client: DeployForge, text: str) -> cp.DeploymentRequest:
    """The request that a request id, or the name of a deployment, stands for."""
    return client.latest(text) if "/" in text else client.get(text)


def to_decide(client: DeployForge, text: str) -> cp.DeploymentRequest:
    """As `resolve`; a deployment's name stands for its newest request that waits for approval."""
    return client.latest(text, cp.REQUEST_STATE_AWAITING_APPROVAL) if "/" in text else client.get(text)


@command
def approve(
    request: RequestOrName,
    comment: Annotated[str, typer.Option(help="Kept in the audit log.")] = "",
    digest: Annotated[str | None, typer.Option(help="Refuse unless the plan has this digest.")] = None,
    wait: Wait = False,
    timeout: Timeout = None,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Approve a plan; its author cannot."""
    with connected(context) as client:
        found = to_decide(client, request)
        approved = client.approve(found.request_id, digest or found.plan.plan_digest, comment)
        if wait:
            finish(client, found.request_id, TERMINAL, wait, timeout, output)
        report(approved, output)


@command
def reject(
    request: RequestOrName,
    reason: Annotated[str, typer.Option(help="Why; its author reads it.")],
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Refuse a plan, for good."""
    with connected(context) as client:
        report(client.reject(to_decide(client, request).request_id, reason), output)


@command
def cancel(
    request: RequestOrName,
    reason: Annotated[str, typer.Option(help="Kept in the audit log.")] = "",
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Start no new step of a request; running ones end."""
    with connected(context) as client:
        report(client.cancel(resolve(client, request).request_id, reason), output)


@command
def watch(
    what: Annotated[
        str | None, typer.Argument(metavar="[REQUEST|NAMESPACE/NAME]", help="Nothing watches everything.")
    ] = None,
    since_start: Annotated[bool, typer.Option("--all", help="From the beginning, not from now.")] = False,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Show everything that happens, as it happens."""
    with connected(context) as client:
        if what and "/" not in what:
            follow(client, what, stop_at=TERMINAL)
            return
        for event in client.watch(deployment=what or "", after=0 if since_start else -1):
            if output is Format.table:
                console.print(event_line(event), highlight=False)
            else:
                emit(plain(event), output)


@command
def status(
    request: RequestOrName,
    show: Annotated[bool, typer.Option("--plan", help="Show the plan too.")] = False,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Show where a deployment stands."""
    with connected(context) as client:
        found = resolve(client, request)
        steps = client.execution(found.execution_id).steps if found.execution_id else []
        if output is not Format.table:
            emit({**plain(found), "steps": [plain(s) for s in steps]}, output)
            return
        describe(found)
        if steps:
            table(
                "steps",
                ("unit", "verb", "state", "ended", "error"),
                ((s.unit_id, s.verb, s.state, moment(s.ended_at), s.error) for s in steps),
            )
        if show and found.plan.plan_id:
            show_plan(client.plan(found.plan.plan_id))


@command
def list_deployments(
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Only this namespace.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Every request, not only the newest of each.")] = False,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """List deployments, or all requests."""
    with connected(context) as client:
        answer = client.list(Ref(namespace=namespace), latest_only=not every)
    if output is not Format.table:
        emit([plain(r) for r in answer.requests], output)
        return
    table(
        "",
        ("deployment", "state", "action", "author", "requested", "version", "request"),
        (
            (
                named(r.deployment),
                word(cp.RequestState, r.state),
                word(cp.Action, r.action),
                r.author,
                moment(r.requested_at),
                str(r.version or "-"),
                r.request_id,
            )
            for r in answer.requests
        ),
        empty="no deployments yet; start with `deployforge init`",
    )


@command
def manifest(request: RequestOrName, context: ContextName = None) -> None:
    """Print the manifest of a request, in canonical form."""
    with connected(context) as client:
        sys.stdout.write(client.manifest(resolve(client, request).request_id).decode() + "\n")
