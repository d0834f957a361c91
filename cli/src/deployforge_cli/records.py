"""Commands about the record of things: the audit log, the stream of events, who may do what."""

import sys
from typing import Annotated

import typer
from deployforge_client.naming import Ref, reference

from deployforge_cli.output import Format, console, emit, moment, named, plain, table
from deployforge_cli.session import ContextName, Output, command, connected

audit_app = typer.Typer(no_args_is_help=True, help="Who did what, and what was refused.")
access_app = typer.Typer(no_args_is_help=True, help="Tokens and who they belong to.")


@audit_app.command("list")
@command
def audit_list(
    deployment: Annotated[str | None, typer.Argument(metavar="[NAMESPACE/NAME]")] = None,
    actor: Annotated[str, typer.Option(help="Only what this person or service did.")] = "",
    size: Annotated[int, typer.Option(help="Rows, at most 500.")] = 50,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """List audit records, newest first."""
    with connected(context) as client:
        answer = client.audit(reference(deployment) if deployment else Ref(), actor=actor, size=size)
    if output is not Format.table:
        emit([plain(r) for r in answer.records], output)
        return
    table(
        "audit",
        ("position", "at (UTC)", "actor", "action", "outcome", "deployment", "detail"),
        (
            (str(r.position), moment(r.at), r.actor, r.action, r.outcome, named(r.deployment), r.detail)
            for r in answer.records
        ),
    )


@access_app.command()
@command
def whoami(output: Output = Format.table, context: ContextName = None) -> None:
    """Show who the token of this context belongs to."""
    with connected(context) as client:
        me = client.whoami()
    if output is not Format.table:
        emit(plain(me), output)
        return
    console.print(f"[bold]{me.subject}[/] as {', '.join(me.roles)} in {', '.join(me.namespaces)}")


@access_app.command()
@command
def tokens(output: Output = Format.table, context: ContextName = None) -> None:
    """List tokens, without their text."""
    with connected(context) as client:
        answer = client.tokens()
    if output is not Format.table:
        emit([plain(t) for t in answer.tokens], output)
        return
    table(
        "tokens",
        ("id", "subject", "roles", "namespaces", "created (UTC)", "revoked"),
        (
            (
                t.token_id,
                t.subject,
                ", ".join(t.roles),
                ", ".join(t.namespaces),
                moment(t.created_at),
                "yes" if t.revoked else "-",
            )
            for t in answer.tokens
        ),
    )


@access_app.command("create-token")
@command
def create_token(
    subject: str,
    role: Annotated[list[str], typer.Option("--role", help="viewer, deployer, approver, operator, auditor, admin.")],
    namespace: Annotated[list[str] | None, typer.Option("--namespace", "-n", help="Default: all.")] = None,
    output: Output = Format.table,
    context: ContextName = None,
) -> None:
    """Create a token; it is printed once."""
    with connected(context) as client:
        answer = client.create_token(subject, role, namespace or ["*"])
    if output is not Format.table:
        emit(plain(answer), output)
        return
    console.print(f"token {answer.token_id} of {subject}, shown once:", style="dim")
    sys.stdout.write(answer.token + "\n")


@access_app.command("revoke-token")
@command
def revoke_token(token_id: str, context: ContextName = None) -> None:
    """Refuse a token from now on."""
    with connected(context) as client:
        client.revoke_token(token_id)
    console.print(f"token {token_id} is revoked")


@command
def schema(context: ContextName = None) -> None:
    """Print the JSON Schema of a manifest, for editors."""
    with connected(context) as client:
        sys.stdout.write(client.manifest_schema() + "\n")
