"""Commands about deployments: from a manifest to a version, and back to nothing."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge.mcal.v1 import clouds_pb2
from deployforge_client.deployments import TERMINAL

from deployforge_cli.ending import finish, followed
from deployforge_cli.exits import Exit
from deployforge_cli.manifests import in_its_files, located, read_expanded
from deployforge_cli.output import (
    Format,
    console,
    emit,
    errors,
    named,
    plain,
    problem_lines,
)
from deployforge_cli.plans import show_plan
from deployforge_cli.progress import conclude
from deployforge_cli.session import ContextName, DeploymentName, Output, Timeout, Wait, command, connected
from deployforge_cli.vocabulary import explained, mapping

ManifestFile = Annotated[Path, typer.Argument(metavar="MANIFEST", help="YAML or JSON file.")]
Targets = Annotated[list[str] | None, typer.Option("--target", help="Only this resource and what it needs.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for function in (validate, plan, apply, destroy, rollback):
        app.command(function.__name__)(function)


_DECIDED = TERMINAL | {cp.REQUEST_STATE_AWAITING_APPROVAL, cp.REQUEST_STATE_PLANNED}


@command
def validate(manifest: ManifestFile, output: Output = Format.table, context: ContextName = None) -> None:
    """Check a manifest against the schema, without changing anything."""
    expanded = read_expanded(manifest)
    with connected(context) as client:
        answer = client.validate(expanded.text, str(manifest))
    problems = list(located(answer.problems, expanded))
    if output is not Format.table:
        del answer.problems[:]
        answer.problems.extend(problems)
        emit(plain(answer), output)
    elif problems:
        for line in problem_lines(problems):
            errors.print(line, markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(f"[green]valid[/]: {named(answer.deployment)}, {answer.resources} resources")
    if problems:
        raise typer.Exit(Exit.USAGE)


@command
def plan(
    manifest: ManifestFile,
    target: Targets = None,
    explain: Annotated[bool, typer.Option("--explain-mapping", help="Show what the cloud calls each attribute.")] = False,
    timeout: Timeout = 300,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Show what applying a manifest would change; `apply --plan` executes exactly that."""
    expanded = read_expanded(manifest)
    with connected(context) as client:
        with in_its_files(expanded):
            asked = client.submit(expanded.text, file=str(manifest), plan_only=True, targets=target or ())
        request = followed(client, asked.request_id, _DECIDED, timeout, quiet=True)
        if request.state != cp.REQUEST_STATE_PLANNED:
            raise typer.Exit(conclude(request))
        drafted = client.plan(request.plan.plan_id)
        known = client.types() if explain else clouds_pb2.ListTypesResponse()
    if output is not Format.table:
        emit(explained(drafted, known), output)
        return
    show_plan(drafted, mapping(drafted, known))
    console.print(f"[dim]execute it with:[/] deployforge apply --plan {asked.request_id}")


@command
def apply(
    manifest: Annotated[Path | None, typer.Argument(metavar="MANIFEST", help="YAML or JSON file.")] = None,
    plan: Annotated[str | None, typer.Option("--plan", help="Execute the plan of this request.")] = None,
    target: Targets = None,
    wait: Wait = True,
    timeout: Timeout = None,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Deploy a manifest and follow it; exit code 3 when a person must approve first."""
    if (manifest is None) == (plan is None):
        raise typer.BadParameter("give either a MANIFEST or --plan REQUEST")
    with connected(context) as client:
        if plan is not None:
            request_id = plan
            client.execute(request_id, client.get(request_id).plan.plan_digest)
            stop_at = TERMINAL | {cp.REQUEST_STATE_AWAITING_APPROVAL}
        else:
            assert manifest is not None
            expanded = read_expanded(manifest)
            with in_its_files(expanded):
                request_id = client.submit(expanded.text, file=str(manifest), targets=target or ()).request_id
            stop_at = _DECIDED
        finish(client, request_id, stop_at, wait, timeout, output)


@command
def destroy(
    deployment: DeploymentName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Wait = True,
    timeout: Timeout = None,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Delete everything of a deployment, protected resources excepted."""
    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("destroying needs --yes where nobody can be asked")
        typer.confirm(f"Delete every resource of {deployment}?", abort=True)
    with connected(context) as client:
        asked = client.destroy(deployment)
        finish(client, asked.request_id, _DECIDED, wait, timeout, output)


@command
def rollback(
    deployment: DeploymentName,
    to: Annotated[int, typer.Option("--to", help="The version to go back to.")],
    wait: Wait = True,
    timeout: Timeout = None,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Apply the desired state of an earlier version again."""
    with connected(context) as client:
        asked = client.rollback(deployment, to)
        finish(client, asked.request_id, _DECIDED, wait, timeout, output)
