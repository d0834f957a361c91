"""Commands about networks across all clouds."""

import typer
from deployforge.mcal.v1 import topology_pb2

from deployforge_cli.output import Format, console, emit, plain, table
from deployforge_cli.session import ContextName, Output, command, connected

app = typer.Typer(no_args_is_help=True, help="Networks across all clouds: who has which addresses.")


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


def _row(one: topology_pb2.NetworkRange) -> tuple[str, ...]:
    who = "/".join(one.urn.split(":")[2:]) or "(another namespace)"
    # A part stands below its whole: by address it comes right after.
    cidr = f"  {one.cidr}" if one.parent_urn else one.cidr
    asked = "" if one.asked == one.cidr else one.asked
    return cidr, who, one.provider_type, one.account, one.location, asked, "" if one.in_use else "planned"
