"""Commands about networks across all clouds."""

from typing import Annotated

import typer
from deployforge.mcal.v1 import topology_pb2

from deployforge_cli.exits import Exit
from deployforge_cli.output import Format, console, emit, plain, table
from deployforge_cli.session import ContextName, Output, command, connected

app = typer.Typer(no_args_is_help=True, help="Networks across all clouds: who has which addresses, who reaches whom.")


@app.command()
@command
def networks(output: Output = Format.table, context: ContextName = None) -> None:
    """List the addresses of all networks and subnets, planned ones too."""
    with connected(context) as client:
        answer = client.networks()
    if output is not Format.table:
        emit(plain(answer), output)
        return
    rows = (_row(one) for one in answer.networks)
    table("networks", ("addresses", "of", "provider", "account", "location", "asked for", ""), rows)
    console.print(f"auto takes from {', '.join(answer.pools) or 'no pool'}", style="dim")


@app.command()
@command
def path(
    source: Annotated[str, typer.Argument(metavar="FROM", help="NAMESPACE/NAME/RESOURCE, an address, or internet.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The same.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is any.")] = 0,
    protocol: Annotated[str, typer.Option(help="tcp, udp or icmp.")] = "tcp",
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Say whether one place reaches another, and how, or what is in the way. Exit code 1 unless it certainly does."""
    with connected(context) as client:
        answer = client.path(source, target, protocol=protocol, port=port)
    if output is not Format.table:
        emit(plain(answer), output)
    else:
        _show(answer)
    if not answer.reachable:
        raise typer.Exit(Exit.FAILED)


def _show(answer: topology_pb2.PathResponse) -> None:
    for hop in answer.hops:
        console.print(f"  {_said(hop)}", markup=False, highlight=False, soft_wrap=True)
    unread = ", ".join(f"{hop.detail} {_short(hop.urn)}".strip() for hop in answer.unread)
    if answer.reachable:
        console.print("[green]yes[/]")
    elif answer.HasField("blocked_by"):
        console.print(f"no: {_said(answer.blocked_by)}", style="red", markup=False, highlight=False, soft_wrap=True)
    else:
        said = f"not known: what these say of networks is not read: {unread}"
        console.print(said, style="yellow", markup=False, highlight=False, soft_wrap=True)
    if unread and answer.HasField("blocked_by"):
        console.print(f"(not read: {unread})", style="dim", markup=False, highlight=False, soft_wrap=True)
    for note in answer.notes:
        console.print(f"({note})", style="dim", markup=False, highlight=False, soft_wrap=True)


def _said(hop: topology_pb2.Hop) -> str:
    whose = f" {_short(hop.urn)}" if hop.urn and _short(hop.urn) != hop.detail else ""
    return f"{hop.what}{whose}: {hop.detail}"


def _short(urn: str) -> str:
    return "/".join(urn.split(":")[2:])


def _row(one: topology_pb2.NetworkRange) -> tuple[str, ...]:
    who = _short(one.urn) or "(another namespace)"
    # A part stands below its whole: by address it comes right after.
    cidr = f"  {one.cidr}" if one.parent_urn else one.cidr
    asked = "" if one.asked == one.cidr else one.asked
    return cidr, who, one.provider_type, one.account, one.location, asked, "" if one.in_use else "planned"
