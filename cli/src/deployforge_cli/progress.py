"""Following a request to its end: a live line on a terminal, plain lines elsewhere."""

import sys

from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_client import DeployForge
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from deployforge_cli.exits import Exit
from deployforge_cli.output import console, errors, word

#: Ticks are for the live line only; they would flood a log.
_TICKS = {"OperationProgressed", "CredentialIssued"}

EXIT_OF = {
    cp.REQUEST_STATE_SUCCEEDED: Exit.DONE,
    cp.REQUEST_STATE_PLANNED: Exit.DONE,
    cp.REQUEST_STATE_AWAITING_APPROVAL: Exit.WAITS_FOR_APPROVAL,
}


def event_line(event: cp.WatchResponse) -> str:
    """One line for one event: time, source, what happened."""
    at = event.at.ToDatetime().strftime("%H:%M:%S.%f")[:-3]
    return f"[dim]{at}[/] [cyan]{event.source:>15}[/]  {event.type:<24} {escape(event.summary)}"


def follow(
    client: DeployForge,
    request_id: str,
    *,
    stop_at: frozenset[int],
    timeout_seconds: float | None = None,
    quiet: bool = False,
) -> cp.DeploymentRequest:
    """Print what happens to a request until its state is in `stop_at`; return it as it is then.

    Raises TimedOut when it takes longer than `timeout_seconds`.
    """
    live = sys.stdout.isatty() and not quiet
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task("waiting")
    if live:
        bar.start()
    try:
        for event in client.watch(request_id=request_id, until_done=True, timeout_seconds=timeout_seconds):
            if not quiet and event.type not in _TICKS:
                console.print(event_line(event), highlight=False)
            if live:
                bar.update(task, description=f"{word(cp.RequestState, event.state)}: {escape(event.summary)}")
            if event.state in stop_at:
                break
    finally:
        bar.stop()
    return client.get(request_id)


def conclude(request: cp.DeploymentRequest) -> Exit:
    """Say how it ended; the exit code for it."""
    state = word(cp.RequestState, request.state)
    reason = f": {request.reason}" if request.reason else ""
    code = EXIT_OF.get(request.state, Exit.FAILED)
    if code is Exit.FAILED:
        errors.print(f"{state}{reason}", style="red", markup=False, highlight=False, soft_wrap=True)
    else:
        version = f", version {request.version}" if request.version else ""
        console.print(f"[green]{state}[/]{version}{escape(reason)}")
    if code is Exit.WAITS_FOR_APPROVAL:
        console.print(
            f"{len(request.approvals)} of {request.approvals_required} approvals; "
            f"another person approves with:\n  deployforge approve {request.request_id}"
        )
    return code
