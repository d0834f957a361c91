"""The first people of a new system: tokens for the command line, hashes for the control plane."""

import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

import yaml
from deployforge_chassis.identity import CONTROL_PLANE

from deployforge_local.settings import LocalSettings

#: name → roles. `alice` and `bob` show that the author of a change cannot approve it.
PEOPLE: dict[str, list[str]] = {"admin": ["admin"], "alice": ["deployer", "auditor"], "bob": ["approver"]}


def ensure(settings: LocalSettings) -> None:
    """Write the contexts file and the token hashes, once; where the control plane answers is kept up to date."""
    if settings.contexts_file.is_file() and settings.tokens_file.is_file():
        _move(settings)
        return
    tokens = {name: f"dft_{secrets.token_hex(8)}_{secrets.token_urlsafe(32)}" for name in PEOPLE}
    server = settings.addresses(CONTROL_PLANE)
    write_secret(
        settings.tokens_file,
        json.dumps(
            [
                {
                    "subject": name,
                    "roles": PEOPLE[name],
                    "namespaces": ["*"],
                    "token_hash": hashlib.sha256(token.encode()).hexdigest(),
                }
                for name, token in tokens.items()
            ]
        ),
    )
    contexts: dict[str, Any] = {
        name: {"server": server, "tlsDir": str(settings.tls_dir), "token": token} for name, token in tokens.items()
    }
    write_secret(settings.contexts_file, yaml.safe_dump({"current": "admin", "contexts": contexts}, sort_keys=False))


def ensure_senders(settings: LocalSettings) -> None:
    """Write the tokens of clouds that send change events, once."""
    if not settings.events_tokens_file.is_file():
        tokens = {cloud: secrets.token_urlsafe(32) for cloud in ("aws", "azure", "gcp")}
        write_secret(settings.events_tokens_file, json.dumps(tokens))


def _move(settings: LocalSettings) -> None:
    """The same people, at the addresses of now: the number of replicas or the ports may have changed."""
    server, document = settings.addresses(CONTROL_PLANE), yaml.safe_load(settings.contexts_file.read_text())
    known = [context for name, context in document["contexts"].items() if name in PEOPLE]
    if any(context["server"] != server for context in known):
        for context in known:
            context["server"] = server
        write_secret(settings.contexts_file, yaml.safe_dump(document, sort_keys=False))


def write_secret(path: Path, text: str) -> None:
    """Replace a file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    part.replace(path)
