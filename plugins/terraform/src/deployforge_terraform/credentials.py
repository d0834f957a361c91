"""The root credential, and the session cut from it: the environment of the program, and nothing else of ours.

A root credential is `{"stateUrl": "postgres://…", "stateKey": "…", "environment": {…}, "readEnvironment": {…}}`:
where states are kept, what they are encrypted with, and the variables by which the providers log in; those in
`readEnvironment`, where given, are used for whatever only reads. With `"aws": {"accessKeyId", "secretAccessKey",
"roleArn"}` each operation gets credentials of that role, which end within the hour and of which reads can change nothing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from deployforge_mcal.application.ports import NoSecrets, SecretValues
from deployforge_mcal.domain.operation import Grant

from deployforge_terraform.assuming import assumed
from deployforge_terraform.errors import failed

_LIFE: Final = timedelta(minutes=15)
_SHORTEST_KEY: Final = 16
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Variables that steer the program itself or its loader.
_RESERVED: Final = re.compile(r"(TF_|TOFU_|PG|LD_|DYLD_|GODEBUG$|CHECKPOINT_|PATH$|HOME$|TMPDIR$|PLUGIN_)")
_HIDDEN: Final = "(secret)"


@dataclass(frozen=True, repr=False)
class TerraformSession:
    """What one operation runs the program with."""

    grant: Grant
    state_url: str
    state_key: str
    environment: Mapping[str, str]
    encrypt: bool = True
    hold: Callable[[], None] = field(default=lambda: None)
    secrets: SecretValues = field(default_factory=NoSecrets)

    def __repr__(self) -> str:
        return f"TerraformSession({self.grant.session!r})"

    def key_of(self, workspace: str) -> str:
        """The passphrase of one workspace, so that a state moved into another does not open. HKDF: RFC 5869."""
        derived = HKDF(SHA256(), 32, None, f"deployforge-terraform|{workspace}".encode())
        return derived.derive(self.state_key.encode()).hex()

    def scrubbed(self, text: str) -> str:
        """The text without anything of the credential."""
        password = re.search(r"://[^:/@]*:([^@/]+)@|password=(\S+)", self.state_url)
        hidden = [self.state_url, self.state_key, *self.environment.values()]
        hidden += [part for part in (password.groups() if password else ()) if part]
        for value in sorted((v for v in hidden if len(v) >= 6), key=len, reverse=True):
            text = text.replace(value, _HIDDEN)
        return text


def session(
    root: Mapping[str, Any], reference: str, name: str, *, read_only: bool, encrypts: bool,
    hold: Callable[[], None] = lambda: None, secrets: SecretValues | None = None,
) -> TerraformSession:  # fmt: skip
    """What the root credential gives. Raises ProviderFailure, with names and never a value in it."""
    missing = [field for field in ("stateUrl", "stateKey") if not isinstance(root.get(field), str) or not root[field]]
    if missing:
        raise failed("CREDENTIAL_INCOMPLETE", f"credential {reference} lacks {', '.join(missing)}")
    if len(root["stateKey"]) < _SHORTEST_KEY:
        raise failed("CREDENTIAL_REFUSED", f"the stateKey of {reference} has fewer than {_SHORTEST_KEY} characters")
    plain = root.get("stateEncryption") == "none"
    if not encrypts and not plain:
        hint = 'install OpenTofu, or put {"stateEncryption": "none"} into the credential to store states in the clear'
        raise failed("STATE_NOT_ENCRYPTED", "Terraform cannot encrypt its state", hint)
    chosen = "readEnvironment" if read_only and root.get("readEnvironment") else "environment"
    environment = _environment(root.get(chosen) or {}, reference, chosen)
    until = datetime.now(UTC) + _LIFE
    if root.get("aws") is not None:
        more, until = assumed(root["aws"], reference, name, environment, read_only=read_only)
        environment |= more
    scope = tuple(sorted(environment))
    actions = ("read",) if read_only else ("read", "change")
    grant = Grant(reference, name[:64], actions, scope, read_only, until)
    return TerraformSession(grant, root["stateUrl"], root["stateKey"], environment, not plain, hold, secrets or NoSecrets())


def _environment(given: Any, reference: str, name: str) -> dict[str, str]:
    if not isinstance(given, Mapping) or not all(isinstance(v, str) for v in given.values()):
        raise failed("CREDENTIAL_REFUSED", f"{name} of {reference} is not an object of texts")
    for variable in given:
        if not _VARIABLE.fullmatch(variable) or _RESERVED.match(variable):
            raise failed("CREDENTIAL_REFUSED", f"{name} of {reference} may not set {variable[:60]}")
    return dict(given)
