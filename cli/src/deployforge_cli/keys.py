"""Commands about the keys that encrypt what services store."""

from typing import Annotated

import typer
from deployforge.control_plane.v1 import keys_pb2
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from deployforge_cli.exits import Exit
from deployforge_cli.output import Format, console, emit, errors, moment, plain, table
from deployforge_cli.session import ContextName, Output, command, connected

app = typer.Typer(no_args_is_help=True, help="The keys that encrypt what services store.")

_DONE = "done"


@app.command()
@command
def status(output: Output = Format.table, context: ContextName = None) -> None:
    """Show provider, versions and data keys of every service."""
    with connected(context) as client:
        answer = client.keys()
    if output is not Format.table:
        emit([plain(service) for service in answer.services], output)
    else:
        table(
            "keys",
            ("service", "provider", "version", "minimum", "owners", "shredded", "stale", "generation", "newest (UTC)", ""),
            (_row(service) for service in answer.services),
        )
    if any(service.error for service in answer.services):
        raise typer.Exit(Exit.FAILED)


@app.command()
@command
def rotate(
    reencrypt: Annotated[
        bool, typer.Option("--reencrypt", help="Also give every deployment a new data key and seal everything anew.")
    ] = False,
    service: Annotated[list[str] | None, typer.Option("--service", help="Only this service; may be repeated.")] = None,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Make a new version of the wrapping keys and wrap every data key anew, while the system works.

    What is interrupted goes on with the next call.
    """
    results: dict[str, str] = {}
    with connected(context) as client, _Shown(output) as shown:
        for answer in client.rotate_keys(reencrypt=reencrypt, services=service or ()):
            shown.tell(answer)
            if answer.error or answer.progress.step == _DONE:
                results[answer.service] = answer.error or _DONE
    if output is not Format.table:
        emit([{"service": name, "result": result} for name, result in sorted(results.items())], output)
    failed = {name: result for name, result in results.items() if result != _DONE}
    for name, result in sorted(failed.items()):
        errors.print(f"{name}: {result}", style="red", markup=False, highlight=False, soft_wrap=True)
    if failed:
        errors.print("  hint: what was done stays done; mend the cause and call it again", soft_wrap=True)
        raise typer.Exit(Exit.FAILED)


class _Shown:
    """Bars on a terminal, a line for each step elsewhere, nothing for programs."""

    def __init__(self, output: Format) -> None:
        self._lines = output is Format.table and not console.is_terminal
        self._bars = Progress(
            TextColumn("{task.fields[service]:<16}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[step]}"),
            console=console, disable=output is not Format.table or not console.is_terminal,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._steps: dict[str, str] = {}

    def __enter__(self) -> "_Shown":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def tell(self, answer: keys_pb2.KeysRotateResponse) -> None:
        """Show how far a service has come."""
        name, step = answer.service, "failed" if answer.error else answer.progress.step
        if self._lines and self._steps.get(name) != step:
            counted = f" ({answer.progress.total})" if answer.progress.total else ""
            console.print(f"{name}: {step}{counted}", highlight=False)
        self._steps[name] = step
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task("", service=name, step=step)
        self._bars.update(self._tasks[name], completed=answer.progress.done, total=answer.progress.total or 1, step=step)


def _row(service: keys_pb2.ServiceKeys) -> tuple[str, ...]:
    s = service.status
    if service.error:
        return (service.service, *["-"] * 8, f"[red]{service.error}[/]")
    return (
        service.service, s.provider, str(s.versions[-1]), str(s.minimum_version), str(s.owners), str(s.shredded),
        str(s.stale), str(s.generation), moment(s.newest_at),
        f"[yellow]unfinished: {s.unfinished}; run `deployforge keys rotate`[/]" if s.unfinished else "",
    )  # fmt: skip
