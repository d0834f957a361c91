"""What can go wrong around the command line program, as typed failures."""

import re
from typing import Final

from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.operation import Failure

#: What the diagnostics of OpenTofu and Terraform begin with → code, hint, whether the same may work in a moment.
_MEANINGS: Final[tuple[tuple[str, str, str, bool], ...]] = (
    (r"Error acquiring the state lock", "UNIT_BUSY", "another run holds the state; wait for it to end", True),
    (r"(Failed to query available provider packages|Failed to resolve provider packages|Invalid provider registry host)",
     "PROVIDER_NOT_INSTALLED", "put the provider into the mirror, or name it in the adapter's `providers`", False),
    (r"(Error refreshing state|Failed to load state|Error loading state|Failed to get existing workspaces"
     r"|Error inspecting states|Failed to save state|Failed to persist state)",
     "STATE_UNREACHABLE", "is the database of the credential's stateUrl up?", True),
    (r"(decryption failed|Failed to decrypt|cipher: message authentication failed|encountered unencrypted payload)",
     "STATE_KEY_WRONG", "the credential's stateKey is not the one that this state was encrypted with", False),
    (r"(Plugin did not respond|plugin process exited|The plugin encountered an error|Failed to load plugin schemas"
     r"|Request cancelled|panic:)",
     "PROVIDER_CRASHED", "a fault of the provider; what it had begun is read again by the next operation", True),
    (r"Cannot import non-existent remote object", "NOT_FOUND", "the resource to adopt does not exist", False),
)  # fmt: skip


def failed(
    code: str, message: str, hint: str | None = None, urn: str | None = None, *, retryable: bool = False
) -> ProviderFailure:
    """A typed failure."""
    return ProviderFailure(Failure(code, message, hint, urn, retryable))


def meaning(said: str) -> tuple[str, str | None, bool]:
    """Code, hint and retryability of what the program said."""
    for pattern, code, hint, retryable in _MEANINGS:
        if re.search(pattern, said):
            return code, hint, retryable
    return "RESOURCE_FAILED", None, False


def of_text(said: str, urn: str | None = None) -> ProviderFailure:
    """The failure that the program's plain error output means."""
    text = " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╷╵]", " ", said).split())
    code, hint, retryable = meaning(text)
    code = "CLI_FAILED" if code == "RESOURCE_FAILED" else code
    return failed(code, text[:2000] or "it failed and did not say why", hint, urn, retryable=retryable)
