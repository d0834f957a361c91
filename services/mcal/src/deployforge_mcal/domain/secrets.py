"""Secrets as everything but one call to a cloud knows them: by reference, and by a mark that only this service makes.

A mark is `secret://<source>/<name>#hmac-sha256:<hex>`: the reference and the keyed hash of the value that it stood for.
Two marks are equal exactly when reference and value are; nobody without the key learns more than that.
Source of the construction: RFC 2104 (HMAC).
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, Self

_REFERENCE: Final = re.compile(r"secret://([a-z][a-z0-9-]{0,30})/([A-Za-z0-9_-][A-Za-z0-9._/-]{0,198})")
_MARK: Final = re.compile(r"(secret://[^#]+)#(hmac-sha256:[0-9a-f]{64})")


class SecretReference(NamedTuple):
    """Where a secret is found."""

    source: str
    name: str

    def __str__(self) -> str:
        return f"secret://{self.source}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The reference that `text` is, or None."""
        matched = _REFERENCE.fullmatch(text)
        return cls(matched[1], matched[2]) if matched else None


def mark(key: bytes, deployment_id: str, reference: SecretReference, value: str) -> str:
    """The mark of a value. Bound to the deployment, so that equal secrets of two cannot be told to be equal."""
    said = "\0".join((deployment_id, str(reference), value)).encode()
    return f"{reference}#hmac-sha256:{hmac.new(key, said, hashlib.sha256).hexdigest()}"


def is_mark(value: Any) -> bool:
    """Whether a value stands for a secret that cannot be read back."""
    return isinstance(value, str) and _MARK.fullmatch(value) is not None


def referred(marked: str) -> SecretReference | None:
    """The reference in a mark, or None where it is no mark."""
    matched = _MARK.fullmatch(marked)
    return SecretReference.parse(matched[1]) if matched else None


def marks(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every mark in a value with its path, `MasterUserPassword`, `LoginProfile.Password`."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from marks(inner, f"{path}.{name}" if path else str(name))
    elif is_mark(value):
        yield path, value


def put(values: Mapping[str, Any], path: str, value: str) -> dict[str, Any]:
    """A copy of `values` with `value` at a dotted path."""
    head, _, rest = path.partition(".")
    inner = values.get(head)
    return {**values, head: put(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value}
