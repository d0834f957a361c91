"""Root credentials as people manage them: put, listed, examined, removed, and never given out."""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from deployforge_mcal.application.mcal import Mcal
from deployforge_mcal.application.ports import ExaminesCredentials, ProviderFailure
from deployforge_mcal.application.secrets import scrubbed
from deployforge_mcal.application.stores import CredentialUnknown, Letterbox, SignedKey, StoredCredential
from deployforge_mcal.domain.credentials import Examined
from deployforge_mcal.domain.hints import hinted
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import Scope

LONGEST_BYTES: Final = 65_536
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")


class BadCredential(ValueError):
    """What was given is no root credential. The text holds nothing of it."""


class CredentialInUse(Exception):
    """Deployments have resources under it."""

    def __init__(self, name: str, deployments: Collection[str]) -> None:
        shown = sorted(deployments)
        more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
        super().__init__(f"credential {name} is used by {', '.join(shown[:3])}{more}; without it nobody can touch them")
        self.name, self.deployments = name, shown


@dataclass(frozen=True)
class Listed:
    """A stored credential and the deployments, `namespace/name`, that have resources under it."""

    stored: StoredCredential
    used_by: tuple[str, ...]


class Credentials:
    """Manages root credentials."""

    def __init__(self, app: Mcal, letterbox: Letterbox) -> None:
        self._app, self._letterbox = app, letterbox

    def key(self) -> SignedKey:
        """What credentials are to be sealed to."""
        return self._letterbox.key()

    def put(self, name: str, type: str, sealed: bytes) -> None:
        """Keep a credential under that name. Raises BadCredential, UnknownProvider, NotForUs."""
        if not _NAME.match(name):
            raise BadCredential("the name of a credential has lower-case letters, digits and dashes, at most 63")
        self._app.provider(type)
        if len(sealed) > LONGEST_BYTES:
            raise BadCredential(f"a credential has at most {LONGEST_BYTES} bytes")
        self._app.vault.put(name, type, _object(self._letterbox.opened(name, type, sealed)))

    def listed(self) -> list[Listed]:
        """All of them, by name."""
        users = self._app.index.users()
        return [Listed(stored, tuple(sorted(users.get(stored.name, ())))) for stored in self._app.vault.stored()]

    def remove(self, name: str, *, force: bool) -> None:
        """Forget a credential. Raises CredentialUnknown, and CredentialInUse unless forced."""
        if not force and (users := self._app.index.users().get(name)):
            raise CredentialInUse(name, users)
        if not self._app.vault.remove(name):
            raise CredentialUnknown(name)

    def examined(self, name: str, account: str = "", location: str = "") -> tuple[str, Examined | Failure]:
        """The type of a credential, and what its cloud says of it: in the places where deployments use it, and in the
        one that is named. Raises CredentialUnknown, UnknownProvider."""
        stored = next((one for one in self._app.vault.stored() if one.name == name), None)
        if stored is None:
            raise CredentialUnknown(name)
        provider, root = self._app.provider(stored.type), self._app.vault.get(name)
        if not isinstance(provider, ExaminesCredentials):
            said = f"the adapter for {stored.type} cannot say what a credential lacks; it is tried when it is used"
            return stored.type, Examined("", notes=(said,))
        named = [Scope(stored.type, account, location, name)] if account or location else []
        try:
            return stored.type, provider.examine(root, list(dict.fromkeys([*self._app.index.places(name), *named])))
        except ProviderFailure as failed:
            failure = hinted(failed.failure)
        # Out of the block above: what is raised next would carry what the cloud has said, which may repeat a secret.
        hidden = list(_texts(root))
        hint = None if failure.hint is None else scrubbed(failure.hint, hidden)
        return stored.type, replace(failure, message=scrubbed(failure.message, hidden), hint=hint)


def _texts(value: Any) -> Iterator[str]:
    """Every text in a credential but ARNs, which are no secrets and without which many a message says nothing."""
    match value:
        case str() if not value.startswith("arn:"):
            yield value
        case dict():
            yield from (text for inner in value.values() for text in _texts(inner))
        case list():
            yield from (text for inner in value for text in _texts(inner))


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        # Not chained: the error would quote what it could not read.
        raise BadCredential("a credential is a JSON object") from None
    if not isinstance(found, dict) or not found:
        raise BadCredential("a credential is a JSON object with something in it")
    return found
