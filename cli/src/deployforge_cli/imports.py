"""Taking over what other tools describe: a manifest from a native template."""

import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from deployforge_client.errors import BadRequest
from deployforge_documents.reading import Node
from deployforge_templates.formats import FORMATS
from deployforge_templates.imported import Given
from deployforge_templates.sources import Source
from deployforge_templates.writing import manifest as written

from deployforge_cli.manifests import documents
from deployforge_cli.output import console, errors
from deployforge_cli.session import command

_COMMAND_LINE = Node(None, 1, 1, file="command line")


@command
def import_template(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The template.")],
    format: Annotated[str, typer.Option("--format", "-f", help=f"One of {', '.join(FORMATS)}.")],
    name: Annotated[str, typer.Option(help="Name of the deployment; default: from the file's name.")] = "",
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Its namespace.")] = "sandbox",
    provider: Annotated[
        list[str] | None, typer.Option("--provider", metavar="FIELD=VALUE", help="Of the provider: region, account…")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Of the template.")
    ] = None,
    export: Annotated[
        list[str] | None, typer.Option("--export", metavar="NAME=VALUE", help="What another stack exports.")
    ] = None,
    zone: Annotated[list[str] | None, typer.Option("--zone", help="Availability zones of the region, in order.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; default: standard output.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write the manifest of a native template; what cannot be taken over exactly is refused with its place."""
    if format not in FORMATS:
        raise BadRequest(f"unknown format {format}", hint=f"one of {', '.join(FORMATS)}")
    if out is not None and out.exists() and not force:
        raise BadRequest(f"{out} exists", hint="choose another name, or --force")
    of = FORMATS[format]
    block = {**of.provider, **_pairs(provider, "provider")}
    given = Given(
        alias=of.alias,
        provider=block,
        deployment=name or _name(path),
        keep=True,
        parameters=_nodes(parameter, "parameter"),
        exports=_nodes(export, "export"),
        zones=tuple(zone or ()),
    )
    with documents():
        imported = of.load(Source(path, str(path), _COMMAND_LINE), given)
    text = written(
        imported, name=given.deployment, namespace=namespace, alias=of.alias, provider=block, source=f"{path} ({of.title})"
    )
    for note in imported.notes:
        errors.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    if out is None:
        sys.stdout.write(text)
        return
    out.write_text(text)
    console.print(f"wrote {out} with {len(imported.resources)} resources; next:\n  deployforge plan {out}")


def _pairs(given: list[str] | None, noun: str) -> dict[str, Any]:
    found = {}
    for pair in given or ():
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise BadRequest(f"--{noun} {pair} is not NAME=VALUE", hint=f"--{noun} name=value")
        found[name] = value
    return found


def _nodes(given: list[str] | None, noun: str) -> dict[str, Node]:
    return {name: Node(value, 1, 1, file=f"--{noun} {name}") for name, value in _pairs(given, noun).items()}


def _name(path: Path) -> str:
    """A deployment's name from that of a file: `Web_VPC.yaml` → `web-vpc`."""
    words = re.sub(r"[^a-z0-9]+", "-", path.resolve().stem.lower()).strip("-")
    return words[:63].strip("-") or "imported"
