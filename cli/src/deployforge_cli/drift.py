"""Commands about drift."""

from pathlib import Path
from typing import Annotated

import typer
from deployforge.drift_detector.v1 import drift_pb2
from deployforge_client.errors import BadRequest
from deployforge_client.naming import Ref, reference
from rich.markup import escape

from deployforge_cli import adopting, baselines, drifting, groups, impacts, noises, training
from deployforge_cli.exits import Exit
from deployforge_cli.output import (
    Format,
    console,
    emit,
    moment,
    more,
    named,
    plain,
    severity,
    short,
    shown_value,
    table,
)
from deployforge_cli.session import ContextName, DeploymentName, Output, command, connected

app = typer.Typer(no_args_is_help=True, help="What is different from what was deployed.")


@app.command("list")
@command
def list_drift(
    deployment: Annotated[str | None, typer.Argument(metavar="[NAMESPACE/NAME]", help="Default: all you may read.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    by_cause: Annotated[bool, typer.Option("--group", help="A line for each cause, of all of them.")] = False,
    undeclared: Annotated[
        bool, typer.Option("--undeclared", help="Instead: what nobody declared and is other than when it was verified.")
    ] = False,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """List open drift; exit code 4 when there is some."""
    if undeclared:
        with connected(context) as client:
            apart = client.undeclared(_one(deployment))
        if output is not Format.table:
            emit([plain(one) for one in apart], output)
        else:
            noises.undeclared(apart)
        return
    where = reference(deployment) if deployment else Ref()
    with connected(context) as client:
        if by_cause:
            records = groups.every(client, where, open_only=not every)
            found = groups.grouped(client, records)
        else:
            records = list(client.drifts(where, open_only=not every).records)
    if by_cause and output is Format.table:
        groups.listed(found)
    elif by_cause:
        emit([group.plain() for group in found], output)
    elif output is not Format.table:
        emit([plain(r) for r in records], output)
    else:
        table(
            "drift",
            ("deployment", "resource", "kind", "severity", "looks like", "attributes", "state", "detected (UTC)", "id"),
            (
                (
                    named(r.deployment),
                    short(r.urn),
                    r.kind,
                    severity(r.severity),
                    baselines.looks_like(r) or "-",
                    ", ".join(a.path for a in r.attributes) or "-",
                    r.state,
                    moment(r.detected_at),
                    r.drift_id,
                )
                for r in records
            ),
            empty="none; reality is as declared",
        )
    if any(r.state == "open" for r in records):
        raise typer.Exit(Exit.DRIFT_FOUND)


def _one(deployment: str | None) -> str:
    if deployment is None:
        raise typer.BadParameter("--undeclared reads the clouds of one deployment: NAMESPACE/NAME")
    return deployment


@app.command()
@command
def show(drift_id: str, output: Output = Format.table, context: ContextName = None) -> None:
    """Show one drift: expected, actual and when last as expected, severity and its rule, and what it affects."""
    with connected(context) as client:
        record = client.drift(drift_id)
    if output is not Format.table:
        emit(plain(record), output)
        return
    describe(record)


def describe(record: drift_pb2.DriftRecord) -> None:
    """Print a drift record for people."""
    console.print(
        f"[bold]{short(record.urn)}[/] ({record.type}) {record.kind}: {severity(record.severity)} "
        f"by rule [bold]{record.rule}[/], episode {record.episode}, {record.state}"
    )
    for a in record.attributes:
        console.print(
            f"  {escape(a.path)}: expected {escape(shown_value(a.expected_json))}, "
            f"found {escape(shown_value(a.actual_json))}  {severity(a.severity)} [dim]{escape(a.rule)}, "
            f"{f'last as expected {moment(a.good_at)}' if a.HasField('good_at') else 'not known when last as expected'}[/]",
            highlight=False,
        )
    baselines.anomaly(record)
    impacts.described(record.impact, record.affected, record.outputs)
    console.print(
        f"  detected {moment(record.detected_at)}, last seen {moment(record.last_seen_at)}, "
        f"resolved {moment(record.resolved_at)}",
        style="dim",
    )


@app.command()
@command
def watch(
    deployment: Annotated[str, typer.Argument(metavar="[NAMESPACE[/NAME]]", help="Default: all that you may read.")] = "",
    since_start: Annotated[bool, typer.Option("--all", help="From the beginning, not from now.")] = False,
    after: Annotated[int, typer.Option(help="Go on after this position; every line of -o json has its own.")] = 0,
    count: Annotated[int, typer.Option(help="End after so many. Default: never.")] = 0,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Print drift as it opens, changes and closes, and what it looks like; with -o json a line each."""
    if output is Format.yaml:
        raise BadRequest("a stream is no YAML document", hint="write -o json for a line of JSON each")
    name, namespace = (deployment, "") if "/" in deployment else ("", deployment)
    tell, told = (drifting.line if output is Format.table else drifting.record), 0
    with connected(context) as client:
        for event in client.watch(deployment=name, namespace=namespace, after=after or (0 if since_start else -1)):
            if happened := drifting.what(client, event):
                tell(event, happened)
                told += 1
            if count and told == count:
                return


@app.command()
@command
def scan(deployment: DeploymentName, output: Output = Format.table, context: ContextName = None) -> None:
    """Ask for a scan now."""
    with connected(context) as client:
        scans = list(client.scan(deployment))
    if output is not Format.table:
        emit({"scan_ids": scans}, output)
        return
    console.print(f"{len(scans)} scan{'s' if len(scans) != 1 else ''} requested: {', '.join(scans) or 'none'}")


@app.command()
@command
def coverage(deployment: DeploymentName, output: Output = Format.table, context: ContextName = None) -> None:
    """Show what the last scans checked, and what they could not."""
    with connected(context) as client:
        answer = client.coverage(deployment)
    if output is not Format.table:
        emit(plain(answer), output)
        return
    table(
        f"coverage of {deployment}",
        ("shard", "at (UTC)", "checked", "drifted", "not checked"),
        (
            (
                s.shard,
                moment(s.at),
                str(s.checked),
                str(s.drifted),
                "; ".join(f"{short(n.urn)}: {n.reason}" for n in s.not_checked) or "0",
            )
            for s in answer.shards
        ),
        empty="no scan yet",
    )


@app.command()
@command
def adopt(
    drift_id: str,
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="The file that declares the resource.")],
    write: Annotated[bool, typer.Option("--write", help="Change the file instead of showing the patch.")] = False,
    context: ContextName = None,
) -> None:
    """Take a change in: write into the manifest what is there now. Apply it then, and nothing is left to heal."""
    with connected(context) as client:
        record = client.drift(drift_id)
    adopting.into(record, manifest, write=write)


@app.command()
@command
def noise(
    deployment: DeploymentName,
    days: Annotated[int, typer.Option(min=1, max=366, help="How far back.")] = 30,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Show what drifts again and again, with the ignore rule that would silence it, and what drifted together."""
    with connected(context) as client:
        answer = client.noise(deployment, days=days)
    if output is not Format.table:
        emit(plain(answer), output)
        return
    noises.described(answer, days)


@app.command()
@command
def impact(
    resource: Annotated[str, typer.Argument(metavar="RESOURCE", help="NAMESPACE/NAME/RESOURCE, or its URN.")],
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Show what would suffer if a resource went: who needs it, why, by which way, and which outputs break."""
    with connected(context) as client:
        answer = client.impact(resource)
    if output is not Format.table:
        emit(plain(answer), output)
        return
    impacts.described(answer.impact, answer.affected, answer.outputs)
    if not answer.affected and not answer.outputs:
        console.print("nothing that is deployed from here needs it")


@app.command()
@command
def ignores(
    deployment: Annotated[str | None, typer.Argument(metavar="[NAMESPACE/NAME]", help="Default: all you may read.")] = None,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Show what each ignore rule hides now, since when, and which rules hide nothing."""
    with connected(context) as client:
        rules = client.ignores(reference(deployment) if deployment else Ref())
    if output is not Format.table:
        emit([plain(rule) for rule in rules], output)
        return
    noises.ignored(rules)


@app.command()
@command
def baseline(
    deployment: DeploymentName,
    resource: Annotated[str, typer.Argument(metavar="[RESOURCE]", help="By its name in the manifest.")] = "",
    cursor: Annotated[str, typer.Option(help="Go on where the last page ended.")] = "",
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Show what is usual: how often and when resources change, to which numbers, and how unusual the last change was."""
    with connected(context) as client:
        answer = client.baselines(deployment, resource, cursor=cursor)
    if output is not Format.table:
        emit(plain(answer), output)
    elif resource:
        baselines.described(answer.baselines[0])
    else:
        baselines.listed(deployment, answer.baselines)
        more(answer.next_cursor)


@app.command()
@command
def train(
    records: Annotated[
        Path, typer.Argument(metavar="RECORDS", help="Labelled records, JSON lines.", exists=True, dir_okay=False)
    ],
    out: Annotated[Path, typer.Option("--out", help="The model; its card is written beside it.")] = Path("anomalies.txt"),
    tested: Annotated[
        float, typer.Option("--test-share", min=0.05, max=0.9, help="Of the scenarios, to test with and not to train.")
    ] = 0.25,
) -> None:
    """Train an anomaly model of your own labelled records, here, and show how good it is."""
    training.train(records, out, tested)
