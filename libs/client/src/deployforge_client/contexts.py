"""Which control plane to talk to, and as whom.

A contexts file holds several: `{current: admin, contexts: {admin: {server, tlsDir, token}}}`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from deployforge_client.errors import NoContext

#: Names the contexts file; without it the nearest `.deployforge/contexts.yaml` above the working
#: directory is used, then `~/.config/deployforge/contexts.yaml`.
CONTEXTS_VARIABLE = "DEPLOYFORGE_CONTEXTS"
#: Names the context to use instead of the file's `current`.
CONTEXT_VARIABLE = "DEPLOYFORGE_CONTEXT"


@dataclass(frozen=True)
class Context:
    """A server and the identity to show it; `token` never appears in a repr."""

    name: str
    server: str
    """`host:port`, or `address:port,address:port…`: one per replica, all with a certificate for the first address."""
    tls_dir: Path
    token: str = field(repr=False)


def contexts_file(environment: Mapping[str, str] = os.environ, start: Path | None = None) -> Path:
    """The contexts file that applies. Raises NoContext when there is none."""
    if named := environment.get(CONTEXTS_VARIABLE):
        return Path(named)
    if home := environment.get("DEPLOYFORGE_HOME"):
        return Path(home) / "contexts.yaml"
    here = (start or Path.cwd()).resolve()
    for folder in [here, *here.parents]:
        candidate = folder / ".deployforge" / "contexts.yaml"
        if candidate.is_file():
            return candidate
    candidate = Path.home() / ".config" / "deployforge" / "contexts.yaml"
    if candidate.is_file():
        return candidate
    raise NoContext("no contexts file found", hint="run `make up`, or `deployforge login` for a remote server")


def load_contexts(
    name: str | None = None, path: Path | None = None, environment: Mapping[str, str] = os.environ
) -> Context:
    """The context called `name` (default: the current one). Raises NoContext, saying what there is."""
    file = path or contexts_file(environment)
    try:
        content = yaml.safe_load(file.read_text()) or {}
    except (OSError, yaml.YAMLError) as error:
        raise NoContext(f"cannot read the contexts file {file}: {error}", hint="run `make up`") from error
    known: dict[str, dict[str, str]] = content.get("contexts") or {}
    wanted = name or environment.get(CONTEXT_VARIABLE) or content.get("current")
    if wanted not in known:
        raise NoContext(f"no context {wanted!r} in {file}", hint="known: " + ", ".join(sorted(known)))
    entry = known[wanted]
    try:
        return Context(wanted, entry["server"], Path(entry["tlsDir"]), entry["token"])
    except KeyError as missing:
        raise NoContext(f"context {wanted!r} in {file} has no {missing}", hint="add it") from missing
