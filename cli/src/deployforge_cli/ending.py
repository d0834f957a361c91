"""How commands end: following a request where wanted, reporting it, and the exit code for it."""

import typer
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_client import DeployForge
from deployforge_client.errors import TimedOut

from deployforge_cli.exits import Exit
from deployforge_cli.output import Format, console, emit, errors, moment, named, plain, word
from deployforge_cli.progress import conclude, follow


def followed(
    client: DeployForge, request_id: str, stop_at: frozenset[int], timeout: float | None, *, quiet: bool
) -> cp.DeploymentRequest:
    try:
        return follow(client, request_id, stop_at=stop_at, timeout_seconds=timeout, quiet=quiet)
    except TimedOut:
        errors.print(f"not done after {timeout:g} s; it goes on: deployforge watch {request_id}", style="yellow")
        raise typer.Exit(Exit.FAILED) from None


def finish(
    client: DeployForge,
    request_id: str,
    stop_at: frozenset[int],
    wait: bool,
    timeout: float | None,
    output: Format,
) -> None:
    """Follow a request where wanted, report it, and end with its exit code."""
    if not wait:
        report(client.get(request_id), output)
        return
    request = followed(client, request_id, stop_at, timeout, quiet=output is not Format.table)
    if output is not Format.table:
        emit(plain(request), output)
    raise typer.Exit(conclude(request) if output is Format.table else code(request))


def code(request: cp.DeploymentRequest) -> Exit:
    if request.state in (cp.REQUEST_STATE_SUCCEEDED, cp.REQUEST_STATE_PLANNED):
        return Exit.DONE
    return Exit.WAITS_FOR_APPROVAL if request.state == cp.REQUEST_STATE_AWAITING_APPROVAL else Exit.FAILED


def report(request: cp.DeploymentRequest, output: Format) -> None:
    if output is not Format.table:
        emit(plain(request), output)
        return
    describe(request)


def describe(request: cp.DeploymentRequest) -> None:
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
