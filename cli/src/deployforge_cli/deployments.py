"""Commands about deployments: from a manifest to a version, and back to nothing."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_client import DeployForge
from deployforge_client.client import TERMINAL, Ref, read_manifest
from deployforge_client.errors import TimedOut

from deployforge_cli.exits import Exit
from deployforge_cli.output import (
    Format,
    console,
    emit,
    errors,
    moment,
    named,
    plain,
    problem_lines,
    table,
    word,
)
from deployforge_cli.plans import show_plan
from deployforge_cli.progress import conclude, event_line, follow
from deployforge_cli.session import ContextName, DeploymentName, Output, command, connected

ManifestFile = Annotated[Path, typer.Argument(metavar="MANIFEST", help="YAML or JSON file.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the request to its end.")]
Timeout = Annotated[float | None, typer.Option(help="Seconds to wait at most.")]
Targets = Annotated[list[str] | None, typer.Option("--target", help="Only this resource and what it needs.")]
RequestOrName = Annotated[
    str, typer.Argument(metavar="REQUEST", help="A request id, or NAMESPACE/NAME for its newest request.")
]

_DECIDED = TERMINAL | {cp.REQUEST_STATE_AWAITING_APPROVAL, cp.REQUEST_STATE_PLANNED}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for function in (
        validate, plan, apply, approve, reject, cancel, watch, status, list_deployments, destroy, rollback, manifest,
    ):  # fmt: skip
        name = "list" if function is list_deployments else function.__name__
        app.command(name)(function)


def resolve(client: DeployForge, text: str) -> cp.DeploymentRequest:
    """The request that a request id, or the name of a deployment, stands for."""
    return client.latest(text) if "/" in text else client.get(text)


def to_decide(client: DeployForge, text: str) -> cp.DeploymentRequest:
    """As `resolve`; a deployment's name stands for its newest request that waits for approval."""
    return client.latest(text, cp.REQUEST_STATE_AWAITING_APPROVAL) if "/" in text else client.get(text)


@command
def validate(manifest: ManifestFile, output: Output = Format.table, context: ContextName = None) -> None:
    """Check a manifest against the schema, without changing anything."""
    text = read_manifest(manifest)
    with connected(context) as client:
        answer = client.validate(text, str(manifest))
    if output is not Format.table:
        emit(plain(answer), output)
    elif answer.problems:
        for line in problem_lines(answer.problems):
            errors.print(line, markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(f"[green]valid[/]: {named(answer.deployment)}, {answer.resources} resources")
    if answer.problems:
        raise typer.Exit(Exit.USAGE)


@command
def plan(
    manifest: ManifestFile,
    target: Targets = None,
    timeout: Timeout = 300,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Show what applying a manifest would change; `apply --plan` executes exactly that."""
    with connected(context) as client:
        asked = client.submit(read_manifest(manifest), file=str(manifest), plan_only=True, targets=target or ())
        request = _followed(client, asked.request_id, _DECIDED, timeout, quiet=True)
        if request.state != cp.REQUEST_STATE_PLANNED:
            raise typer.Exit(conclude(request))
        drafted = client.plan(request.plan.plan_id)
    if output is not Format.table:
        emit(plain(drafted), output)
        return
    show_plan(drafted)
    console.print(f"[dim]execute it with:[/] deployforge apply --plan {asked.request_id}")


@command
def apply(
    manifest: Annotated[Path | None, typer.Argument(metavar="MANIFEST", help="YAML or JSON file.")] = None,
    plan: Annotated[str | None, typer.Option("--plan", help="Execute the plan of this request.")] = None,
    target: Targets = None,
    wait: Wait = True,
    timeout: Timeout = None,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Deploy a manifest and follow it; exit code 3 when a person must approve first."""
    if (manifest is None) == (plan is None):
        raise typer.BadParameter("give either a MANIFEST or --plan REQUEST")
    with connected(context) as client:
        if plan is not None:
            request_id = plan
            client.execute(request_id, client.get(request_id).plan.plan_digest)
            stop_at = TERMINAL | {cp.REQUEST_STATE_AWAITING_APPROVAL}
        else:
            assert manifest is not None
            request_id = client.submit(read_manifest(manifest), file=str(manifest), targets=target or ()).request_id
            stop_at = _DECIDED
        _finish(client, request_id, stop_at, wait, timeout, output)


@command
def destroy(
    deployment: DeploymentName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Wait = True,
    timeout: Timeout = None,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Delete everything of a deployment, protected resources excepted."""
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("destroying needs --yes where nobody can be asked")
        typer.confirm(f"Delete every resource of {deployment}?", abort=True)
    with connected(context) as client:
        asked = client.destroy(deployment)
        _finish(client, asked.request_id, _DECIDED, wait, timeout, output)


@command
def rollback(
    deployment: DeploymentName,
    to: Annotated[int, typer.Option("--to", help="The version to go back to.")],
    wait: Wait = True,
    timeout: Timeout = None,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Apply the desired state of an earlier version again."""
    with connected(context) as client:
        asked = client.rollback(deployment, to)
        _finish(client, asked.request_id, _DECIDED, wait, timeout, output)


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
            _finish(client, found.request_id, TERMINAL, wait, timeout, output)
        _report(approved, output)


@command
def reject(
    request: RequestOrName,
    reason: Annotated[str, typer.Option(help="Why; its author reads it.")],
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Refuse a plan, for good."""
    with connected(context) as client:
        _report(client.reject(to_decide(client, request).request_id, reason), output)


@command
def cancel(
    request: RequestOrName,
    reason: Annotated[str, typer.Option(help="Kept in the audit log.")] = "",
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Start no new step of a request; running ones end."""
    with connected(context) as client:
        _report(client.cancel(resolve(client, request).request_id, reason), output)


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
        _describe(found)
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


def _followed(
    client: DeployForge, request_id: str, stop_at: frozenset[int], timeout: float | None, *, quiet: bool
) -> cp.DeploymentRequest:
    try:
        return follow(client, request_id, stop_at=stop_at, timeout_seconds=timeout, quiet=quiet)
    except TimedOut:
        errors.print(f"not done after {timeout:g} s; it goes on: deployforge watch {request_id}", style="yellow")
        raise typer.Exit(Exit.FAILED) from None


def _finish(
    client: DeployForge,
    request_id: str,
    stop_at: frozenset[int],
    wait: bool,
    timeout: float | None,
    output: Format,
) -> None:
    """Follow a request where wanted, report it, and end with its exit code."""
    if not wait:
        _report(client.get(request_id), output)
        return
    request = _followed(client, request_id, stop_at, timeout, quiet=output is not Format.table)
    if output is not Format.table:
        emit(plain(request), output)
    raise typer.Exit(conclude(request) if output is Format.table else _code(request))


def _code(request: cp.DeploymentRequest) -> Exit:
    if request.state in (cp.REQUEST_STATE_SUCCEEDED, cp.REQUEST_STATE_PLANNED):
        return Exit.DONE
    return Exit.WAITS_FOR_APPROVAL if request.state == cp.REQUEST_STATE_AWAITING_APPROVAL else Exit.FAILED


def _report(request: cp.DeploymentRequest, output: Format) -> None:
    if output is not Format.table:
        emit(plain(request), output)
        return
    _describe(request)


def _describe(request: cp.DeploymentRequest) -> None:
    lines: list[tuple[str, str]] = [
        ("deployment", named(request.deployment)),
        ("request", request.request_id),
        ("action", f"{word(cp.Action, request.action)} by {request.author}"),
        ("state", word(cp.RequestState, request.state) + (f" ({request.reason})" if request.reason else "")),
        ("requested", moment(request.requested_at)),
    ]
    if request.plan.plan_digest:
        p = request.plan
        lines.append(
            (
                "plan",
                f"{p.creates} create, {p.updates} update, {p.replaces} replace, {p.deletes} delete, "
                f"{p.unchanged} unchanged in {p.units} units ({p.plan_digest[:19]}…)",
            )
        )
    if request.approvals_required:
        who = ", ".join(a.approver for a in request.approvals) or "nobody yet"
        lines.append(("approvals", f"{len(request.approvals)} of {request.approvals_required}: {who}"))
    if request.version:
        lines.append(("version", str(request.version)))
    for name, text in lines:
        console.print(f"[bold]{name:>11}[/]  {text}", highlight=False)
