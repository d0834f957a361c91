"""The command tree."""

from importlib.metadata import version
from typing import Annotated

import typer

from deployforge_cli import (
    credentials,
    deployments,
    drift,
    events,
    healing,
    imports,
    inventory,
    keys,
    records,
    requests,
    shredding,
    start,
    state,
    states,
    topology,
    vocabulary,
)

app = typer.Typer(
    name="deployforge",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    help="Deploy one manifest to several clouds, remember every version, notice drift and heal it.",
    epilog="Exit codes: 0 done, 1 failed, 2 usage or manifest wrong, 3 waits for approval, 4 drift found.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("deployforge-cli"))
        raise typer.Exit


@app.callback()
def root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


app.command()(start.init)
app.command("import")(imports.import_template)
deployments.register(app)
requests.register(app)
state.register(app)
app.command()(inventory.inventory)
app.add_typer(states.app, name="state")
app.add_typer(drift.app, name="drift")
app.add_typer(healing.app, name="healing")
app.add_typer(records.audit_app, name="audit")
app.add_typer(events.app, name="events")
app.add_typer(records.access_app, name="access")
app.add_typer(credentials.app, name="credentials")
app.add_typer(topology.app, name="topology")
shredding.register(keys.app)
app.add_typer(keys.app, name="keys")
app.command()(vocabulary.types)
app.command()(records.schema)
app.command()(start.doctor)


def main() -> None:
    """Entry point of the `deployforge` command."""
    app()


if __name__ == "__main__":
    main()
