"""The file in which a deployment's history goes from one installation to another: JSON lines in a signed chain.

Every line holds the digest of all lines up to it:

    chain(n) = sha256(chain(n-1) ‖ canonical JSON of line n without its chain)

so a line that was changed, removed, repeated or moved is named by its number, and the last line signs the chain.
Nothing here knows what the lines between the first and the last are about.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from deployforge_chassis import canonical

FORMAT: Final = "deployforge-state-history/1"

Verify = Callable[[str, bytes, bytes], str]
"""Certificate (PEM), signature, what was signed → who signed. Raises UntrustedSigner."""


class BadHistory(ValueError):
    """The file is not as it was exported."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"record {line} of the file: {why}; nothing was written. Export it again")
        self.line = line


class UntrustedSigner(Exception):
    """The file is whole, but nobody who is trusted here has signed it."""


def written(header: Mapping[str, Any], records: Iterable[Mapping[str, Any]], certificate: str,
            sign: Callable[[bytes], bytes]) -> Iterator[bytes]:  # fmt: skip
    """The lines of a file, each with its newline."""
    chain, count = b"", 0
    for record in ({"format": FORMAT, "certificate": certificate, **header}, *records):
        chain = _next(chain, record)
        count += 1
        yield _line({**record, "chain": chain.hex()})
    end = {"end": True, "records": count}
    chain = _next(chain, end)
    yield _line({**end, "chain": chain.hex(), "signature": sign(chain).hex()})


def read(lines: Iterable[bytes], verify: Verify) -> tuple[Mapping[str, Any], list[Mapping[str, Any]], str]:
    """Header, records and who signed. Raises BadHistory naming the first bad line, or UntrustedSigner."""
    chain, number = b"", 0
    found: list[Mapping[str, Any]] = []
    end: Mapping[str, Any] | None = None
    for number, line in enumerate(lines, 1):
        if end is not None:
            raise BadHistory(number, "it follows the end")
        record = _parsed(number, line)
        chain, told = (
            _next(chain, {k: v for k, v in record.items() if k not in ("chain", "signature")}),
            record.get("chain"),
        )
        if told != chain.hex():
            raise BadHistory(number, "it was changed, or a record before it was removed, repeated or moved")
        if record.get("end"):
            end = record
        else:
            found.append(record)
    if end is None:
        raise BadHistory(number + 1, "the file ends before its end")
    if not found or found[0].get("format") != FORMAT:
        raise BadHistory(1, f"it does not say that it is {FORMAT}")
    try:
        signature = bytes.fromhex(end.get("signature", ""))
    except (ValueError, TypeError):
        raise BadHistory(number, "its signature is none") from None
    return found[0], found[1:], verify(str(found[0].get("certificate", "")), signature, chain)


def _next(chain: bytes, record: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(chain + canonical.dumps(record).encode()).digest()


def _line(record: Mapping[str, Any]) -> bytes:
    return canonical.dumps(record).encode() + b"\n"


def _parsed(number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        raise BadHistory(number, "it is no JSON") from None
    if not isinstance(record, dict):
        raise BadHistory(number, "it is no record")
    return record
