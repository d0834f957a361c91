"""`deployforge state …`: the state at any time, and what operators do with the memory of it."""

import hashlib
import json
import ssl
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from deployforge.state_manager.v1 import state_pb2
from deployforge_client.errors import Refused
from rich.progress import Progress

from deployforge_cli import moments
from deployforge_cli.output import Format, console, emit, moment, named, plain, short, shown_value, table
from deployforge_cli.session import ContextName, DeploymentName, Output, Wait, command, connected

app = typer.Typer(no_args_is_help=True, help="The state of a deployment, now and at any time.")

AsOf = Annotated[str, typer.Option(help=f"As it was then: {moments.HOW}.")]
KnownAt = Annotated[str, typer.Option(help="By what was known then, however early it was true.")]

_ASK_AGAIN_SECONDS = 0.5
_PART_BYTES = 256 * 1024


@app.command()
@command
def show(
    deployment: DeploymentName,
    version: Annotated[int, typer.Option(help="This version. Default: the newest.")] = 0,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Show the resources of a deployment, now, in a version, or at a time."""
    times = {"as_of": moments.optional(as_of), "known_at": moments.optional(known_at)}
    with connected(context) as client:
        answer = client.state(deployment, version, **times)
    if output is not Format.table:
        emit(plain(answer), output)
        return
    table(
        f"{deployment} in version {answer.version.version}, effective {moment(answer.version.effective_at)}",
        ("resource", "type", "unit", "physical id", "desired"),
        ((r.name, r.type, r.unit_name, r.physical_id, shown_value(r.desired_json)) for r in answer.resources),
    )


@app.command()
@command
def watch(
    deployment: Annotated[str, typer.Argument(metavar="[NAMESPACE[/NAME]]", help="Default: all that you may read.")] = "",
    from_start: Annotated[bool, typer.Option("--all", help="From the beginning, not from now.")] = False,
    cursor: Annotated[str, typer.Option(help="Go on after this one; every line of -o json has its own.")] = "",
    count: Annotated[int, typer.Option(help="End after so many. Default: never.")] = 0,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Print new versions, passed reports and drift as they become known, each once."""
    where = {"deployment": deployment} if "/" in deployment else {"namespace": deployment}
    with connected(context) as client:
        for number, told in enumerate(client.watch_state(cursor=cursor, from_start=from_start, **where), 1):
            if output is Format.table:
                console.print(f"{moment(told.recorded_at)} {named(told.deployment)} {_happened(told)}", highlight=False)
            else:
                emit(plain(told), output)
            if number == count:
                return


def _happened(told: state_pb2.WatchResponse) -> str:
    if told.HasField("version"):
        v = told.version
        return f"version {v.version} ({v.action} by {v.author}, desired {v.desired_version})"
    if told.HasField("drift"):
        return f"{short(told.drift.urn)} {told.drift.drift}"
    return f"version {told.good_version} is good"


@app.command()
@command
def export(
    deployment: DeploymentName,
    file: Annotated[Path, typer.Option("--output", "-o", help="Where to write; - is standard output.")],
    context: ContextName = None,
) -> None:
    """Write a deployment's whole history to a signed file, for another installation to import."""
    with connected(context) as client:
        parts = client.export_state(deployment)
        if str(file) == "-":
            for part in parts:
                sys.stdout.buffer.write(part)
            return
        # Whole or not at all: a file that is there is never half of one.
        half = file.with_name(file.name + ".part")
        try:
            with half.open("wb") as target:
                target.writelines(parts)
            half.replace(file)
        finally:
            half.unlink(missing_ok=True)
    console.print(f"{file}: {file.stat().st_size} bytes, signed by {_signer(file)}", soft_wrap=True)


def _signer(file: Path) -> str:
    with file.open("rb") as lines:
        certificate = json.loads(lines.readline())["certificate"]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


@app.command("import")
@command
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="As `export` wrote it.")],
    signer: Annotated[str, typer.Option(help="Who must have signed it. Default: this installation itself.")] = "",
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Take over a deployment's history from another installation. A changed file is refused, naming the bad record."""
    with connected(context) as client, file.open("rb") as source:
        answer = client.import_state(iter(lambda: source.read(_PART_BYTES), b""), signer)
    if output is not Format.table:
        emit(plain(answer), output)
        return
    console.print(
        f"{named(answer.deployment)}: {answer.versions} versions and {answer.resources} resources taken over, "
        f"signed by {answer.signer}",
        soft_wrap=True,
    )


@app.command()
@command
def rebuild(wait: Wait = True, output: Output = Format.table, context: ContextName = None) -> None:
    """Derive the state manager's read models again from its event log, beside whoever reads and writes."""
    with connected(context) as client, Progress(console=console, disable=not sys.stdout.isatty()) as bar:
        id, shown = client.rebuild_state(), bar.add_task("events", total=None)
        status = client.rebuild_status()
        while wait and status.rebuild_id == id and status.state in ("asked", "running"):
            time.sleep(_ASK_AGAIN_SECONDS)
            status = client.rebuild_status()
            bar.update(shown, completed=status.done, total=status.total or None)
    if status.state == "failed":
        raise Refused(f"the rebuild failed: {status.reason}", hint="the rows are as before; see the state manager's log")
    if output is not Format.table:
        emit(plain(status), output)
        return
    console.print(f"rebuild {status.rebuild_id[:8]}: {status.state}, {status.done} events")
