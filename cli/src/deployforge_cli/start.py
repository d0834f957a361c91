"""Commands for starting out: a commented manifest, and a check-up of the system."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer
from deployforge_client import DeployForgeError, load_contexts
from deployforge_client.errors import BadRequest

from deployforge_cli.exits import Exit
from deployforge_cli.output import Format, console, emit, table
from deployforge_cli.session import ContextName, Output, command, connected

#: Entry points of this group add checks: `() -> list[(name, ok, finding, remedy)]`.
CHECKS_GROUP = "deployforge.doctor"

MANIFEST = """\
# A deployment: what should exist, where, and what happens when reality moves.
# Complete it in your editor with the schema: `deployforge schema > manifest.schema.json`.
apiVersion: deployforge.io/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}          # who may do what is granted by namespace
  labels: {{env: dev}}
spec:
  providers:                      # where things go; credentials by name, never inline
    aws: {{type: aws, region: eu-west-1, account: "000000000000", credentialRef: aws-local}}

  resources:                      # `deployforge types` lists what can be declared
    - name: jobs-dead
      type: Queue
      provider: aws
      properties: {{messageRetention: 14d}}

    - name: jobs
      type: Queue
      provider: aws
      criticality: normal         # low | normal | high: raises the severity of drift
      properties:
        visibilityTimeout: 30s
        deadLetter: ${{jobs-dead.arn}}   # a reference is also a dependency
        maxReceives: 5

  drift:
    every: 60s                    # how often everything is compared with what is declared here
    # ignore: [{{resource: "*", path: tags.owner, reason: set by the billing team}}]

  healing:
    mode: propose                 # off | propose (a person approves) | auto
    maxSeverity: degraded         # above it, people are asked
    ladder: [correct, rollback, recreate, alert]

  approval: {{required: 0, distinctFromAuthor: true, expires: 4h}}

  outputs:
    jobsUrl: ${{jobs.url}}
"""


@command
def init(
    path: Annotated[Path, typer.Argument(metavar="[FILE]")] = Path("deployforge.yaml"),
    name: Annotated[str, typer.Option(help="Name of the deployment.")] = "jobs",
    namespace: Annotated[str, typer.Option(help="Its namespace.")] = "sandbox",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write a commented manifest to start from."""
    if path.exists() and not force:
        raise BadRequest(f"{path} exists", hint="choose another name, or --force")
    path.write_text(MANIFEST.format(name=name, namespace=namespace))
    console.print(f"wrote {path}; next:\n  deployforge plan {path}\n  deployforge apply {path}")


@command
def doctor(output: Output = Format.table, context: ContextName = None) -> None:
    """Check this machine and the system, and say what to do about what is wrong."""
    rows = [("contexts file", *_reach(context))]
    for point in entry_points(group=CHECKS_GROUP):
        rows.extend(point.load()())
    if output is not Format.table:
        emit([dict(zip(("check", "ok", "finding", "remedy"), row, strict=True)) for row in rows], output)
    else:
        table(
            "",
            ("", "check", "finding", "remedy"),
            (
                ("[green]ok[/]" if ok else "[red]no[/]", name, finding, "" if ok else remedy)
                for name, ok, finding, remedy in rows
            ),
        )
    if not all(ok for _, ok, _, _ in rows):
        raise typer.Exit(Exit.FAILED)


def _reach(context: str | None) -> tuple[bool, str, str]:
    try:
        server = load_contexts(context).server
        with connected(context) as client:
            me = client.whoami()
        return True, f"{server} knows you as {me.subject}", ""
    except DeployForgeError as error:
        return False, str(error), error.hint
