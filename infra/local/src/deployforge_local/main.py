"""`python -m deployforge_local`: the local system from the outside."""

import sys
import time
from typing import Annotated

import typer

from deployforge_local import system
from deployforge_local.processes import service_environment, stop_signal
from deployforge_local.settings import LocalSettings
from deployforge_local.supervisor import supervise

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="The whole system on this machine.")

Only = Annotated[str | None, typer.Option(help="infrastructure: without the six services.")]


def _say(text: str) -> None:
    typer.echo(text)


@app.command()
def up(only: Only = None) -> None:
    """Start everything and wait until it is ready; a second call only shows the status."""
    settings, began = LocalSettings(), time.monotonic()
    try:
        started = system.up(settings, _say, only)
    except Exception as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"up after {time.monotonic() - began:.1f} s" if started else "is up already")
    status()


@app.command()
def down() -> None:
    """Stop everything, and make sure that no process and no port is left."""
    try:
        stopped = system.down(LocalSettings(), _say)
    except system.LeftBehind as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo("down" if stopped else "was not running")


@app.command()
def status() -> None:
    """Show every process with its memory."""
    settings = LocalSettings()
    rows = system.status(settings)
    if not rows:
        typer.echo("not running; `make up` starts it")
        return
    for row in rows:
        typer.echo(
            f"  {row.name:<15} {row.state:<9} pid {row.pid or '-':<8} "
            f"{row.resident_bytes / 2**20:>6.0f} MiB  {row.restarts} restarts"
            + ("" if row.last_exit is None else f", last exit {row.last_exit}")
        )
    total = sum(row.resident_bytes for row in rows)
    typer.echo(f"  {total / 2**30:.2f} GiB resident; data in {settings.root}, logs in {settings.log_dir}")


@app.command()
def logs(name: str, lines: int = 50) -> None:
    """Print the end of a process's log."""
    path = LocalSettings().log_dir / f"{name}.log"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.log")))
        raise typer.BadParameter(f"no log of {name!r}; there are {known}")
    sys.stdout.write("\n".join(path.read_text(errors="replace").splitlines()[-lines:]) + "\n")


@app.command()
def restart(name: str) -> None:
    """End one process; the supervisor starts it again."""
    from deployforge_local.pids import Pid

    settings = LocalSettings()
    if name not in {row.name for row in system.rows(settings)}:
        raise typer.BadParameter(f"{name!r} does not run; `status` lists what does")
    pid = Pid.read(settings.run_dir / f"{name}.pid")
    if pid is None or not pid.is_alive():
        raise typer.BadParameter(f"{name!r} has ended; the supervisor starts it again")
    pid.end(15, stop_signal(name))
    typer.echo(f"{name} ended; the supervisor starts it again")


@app.command()
def env(service: str) -> None:
    """Print the environment of a service, to run it by hand (contains its database password)."""
    for name, value in service_environment(LocalSettings(), service).items():
        typer.echo(f"export {name}='{value}'")


@app.command()
def doctor() -> None:
    """Check the machine and the system."""
    from deployforge_local.doctor import checks

    rows = checks()
    for name, ok, found, remedy in rows:
        typer.echo(f"{'ok' if ok else 'NO':<3} {name:<15} {found}" + ("" if ok else f"  → {remedy}"))
    if not all(ok for _, ok, _, _ in rows):
        raise typer.Exit(1)


@app.command(hidden=True, name="supervise")
def supervise_command(only: Only = None) -> None:
    """The supervisor itself; `up` starts it."""
    supervise(LocalSettings(), lambda settings: system.table(settings, only))


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
