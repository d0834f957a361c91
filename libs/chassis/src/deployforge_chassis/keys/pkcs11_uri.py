"""PKCS#11 URIs, as far as they name a key and how to reach it. Source: RFC 7512, 'The PKCS #11 URI Scheme'."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

_PATH = frozenset({"token", "object"})
_QUERY = frozenset({"module-path", "pin-source"})
_EXAMPLE = "pkcs11:token=deployforge;object=orchestrator?module-path=/usr/lib/libpkcs11.so&pin-source=file:/run/pin"


@dataclass(frozen=True)
class TokenKey:
    """A wrapping key in a token: `label` is common to its versions, each version's id is its number."""

    module: Path
    """The library of the token's maker."""
    token: str
    label: str
    pin_file: Path
    """Its mode must be 0600."""

    @classmethod
    def parse(cls, uri: str) -> "TokenKey":
        """Raises ValueError, which quotes attribute names alone: a PIN in a URI must not reach a log."""
        scheme, _, rest = uri.partition(":")
        path, _, query = rest.partition("?")
        attributes = {**_attributes(path, ";", _PATH), **_attributes(query, "&", _QUERY)}
        if scheme != "pkcs11" or attributes.keys() != _PATH | _QUERY:
            raise ValueError(f"a key in a token is named like {_EXAMPLE}")
        pin = attributes["pin-source"].removeprefix("file:")
        return cls(Path(attributes["module-path"]), attributes["token"], attributes["object"], Path(pin))


def _attributes(text: str, separator: str, known: frozenset[str]) -> dict[str, str]:
    found = dict(part.partition("=")[::2] for part in text.split(separator) if part)
    if unknown := found.keys() - known:
        raise ValueError(f"{', '.join(sorted(unknown))} is not understood in a PKCS#11 URI; a key is named like {_EXAMPLE}")
    return {name: unquote(value) for name, value in found.items()}
