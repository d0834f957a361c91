"""Making everything that is kept of a deployment unreadable."""

from typing import Annotated

import typer

from deployforge_cli.output import Format, console, emit
from deployforge_cli.session import ContextName, DeploymentName, Output, command, connected


def register(app: typer.Typer) -> None:
    """Add the command to the commands about keys."""
    app.command()(shred)


@command
def shred(
    deployment: DeploymentName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also while resources of it are deployed: they stay.")] = False,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Make the history of a deployment unreadable everywhere, for ever. Its name cannot be used again."""
    if not yes:
        typer.confirm(f"Nobody will be able to read anything of {deployment} again. Shred it?", abort=True)
    with connected(context) as client:
        deployment_id = client.shred(deployment, force=force)
    if output is not Format.table:
        emit({"deployment": deployment, "deployment_id": deployment_id}, output)
    else:
        console.print(f"{deployment} is being shredded, in every service", highlight=False)
