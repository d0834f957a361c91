"""Commands about root credentials of clouds: they can be set and removed, never read."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from deployforge.mcal.v1 import clouds_pb2
from deployforge_client.errors import BadRequest

from deployforge_cli.exits import Exit
from deployforge_cli.output import Format, console, emit, errors, moment, plain, table
from deployforge_cli.session import ContextName, Output, command, connected

app = typer.Typer(no_args_is_help=True, help="Root credentials of clouds; they can be set, never read.")


@app.command()
@command
def put(
    name: Annotated[str, typer.Argument(help="What a manifest's credentialRef says.")],
    type: Annotated[str, typer.Option(help="aws, azure, gcp or terraform.")],
    file: Annotated[Path | None, typer.Option(help="JSON file; default: standard input.")] = None,
    context: ContextName = None,
) -> None:
    """Store a root credential, in place of the one of that name.

    It leaves this machine sealed to the service that uses it.
    """
    secret = _secret(file)
    with connected(context) as client:
        client.put_credential(name, type, secret)
    console.print(f"credential {name} is stored")


@app.command("list")
@command
def list_(output: Output = Format.table, context: ContextName = None) -> None:
    """List the stored root credentials by name, and who uses them."""
    with connected(context) as client:
        answer = client.credentials()
    if output is not Format.table:
        emit([plain(c) for c in answer.credentials], output)
        return
    rows = ((c.name, c.type, moment(c.changed_at), ", ".join(c.used_by) or "-") for c in answer.credentials)
    table("credentials", ("name", "type", "stored (UTC)", "used by"), rows)


@app.command()
@command
def remove(
    name: str,
    force: Annotated[bool, typer.Option("--force", help="Also while deployments use it.")] = False,
    context: ContextName = None,
) -> None:
    """Forget a root credential. What deployments own stays in the cloud, but nobody can touch it any more."""
    with connected(context) as client:
        client.remove_credential(name, force=force)
    console.print(f"credential {name} is removed")


@app.command("test")
@command
def examine(
    name: str,
    account: Annotated[str, typer.Option(help="Also there: an AWS account, an Azure SUBSCRIPTION/GROUP.")] = "",
    location: Annotated[str, typer.Option(help="Also in this region or location.")] = "",
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Log in with a root credential and list the permissions that it lacks, in every place where deployments use it."""
    with connected(context) as client:
        answer = client.test_credential(name, account=account, location=location)
    if output is not Format.table:
        emit(plain(answer), output)
    else:
        _show(name, answer)
    if answer.code or answer.lacking:
        raise typer.Exit(Exit.FAILED)


def _show(name: str, answer: clouds_pb2.TestResponse) -> None:
    if answer.code:
        said = f"credential {name} cannot be used: {answer.code}: {answer.message}"
        errors.print(said, style="red", markup=False, highlight=False, soft_wrap=True)
        if answer.hint:
            errors.print(f"  hint: {answer.hint}", markup=False, highlight=False, soft_wrap=True)
        return
    if answer.identity:
        console.print(f"credential {name} is {answer.identity}", markup=False, highlight=False)
    for note in answer.notes:
        console.print(f"  {note}", markup=False, highlight=False, soft_wrap=True)
    if answer.checked and not answer.lacking:
        console.print(f"none of {answer.checked} permissions is lacking")
    if answer.lacking:
        rows = ((one.permission, one.where, ", ".join(one.needed_by)) for one in answer.lacking)
        table(f"lacking, of {answer.checked}", ("permission", "on", "needed by"), rows)


def _secret(file: Path | None) -> bytes:
    """What is to be stored, known to be a JSON object before it goes anywhere."""
    try:
        secret = file.read_bytes() if file else sys.stdin.buffer.read()
        found = json.loads(secret)
    except OSError as error:
        raise BadRequest(f"cannot read {file}: {error.strerror}") from None
    except ValueError:
        # Not chained: the error would quote the secret.
        found = None
    if not isinstance(found, dict) or not found:
        raise BadRequest(
            "a credential is a JSON object", hint='AWS: {"accessKeyId": …, "secretAccessKey": …, "roleArn": …}'
        )
    return secret
