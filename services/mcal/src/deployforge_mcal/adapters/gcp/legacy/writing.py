"""Putting a living resource right by the REST of its service."""

import time
from collections.abc import Mapping
from typing import Any, Final

from deployforge_mcal.adapters.bodies import Body
from deployforge_mcal.adapters.gcp.kinds.base import named
from deployforge_mcal.adapters.gcp.placing import relative
from deployforge_mcal.adapters.gcp.planning import Expression, Piece
from deployforge_mcal.adapters.gcp.session import GcpSession
from deployforge_mcal.domain import references

_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.3
#: Terraform's type → how Pub/Sub's REST names what it is about in a change.
_WRAPPED: Final = {"google_pubsub_topic": "topic", "google_pubsub_subscription": "subscription"}


def put_right(session: GcpSession, piece: Piece) -> bool:
    """Have a resource be as its piece says, where it is not; whether it is there at all. Raises GoogleError."""
    live = session.get(piece.full)
    if live is not None and (lacking := _lacking(piece, live)):
        _write(session, piece, live, lacking)
    return live is not None


def _lacking(piece: Piece, live: Body) -> Body:
    shown = references.mapped(live, named)
    return {name: value for name, value in piece.enforced.items() if not _holds(shown.get(name), value)}


def _holds(shown: Any, wanted: Any) -> bool:
    """Whether what REST shows has what is wanted; it may have more. What Deployment Manager fills in is not known here."""
    if isinstance(wanted, Expression):
        return True
    if isinstance(wanted, Mapping):
        return isinstance(shown, Mapping) and all(_holds(shown.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(shown, list):
        return len(wanted) == len(shown) and all(map(_holds, shown, wanted))
    if isinstance(wanted, str) and isinstance(shown, str):
        return wanted.casefold() == shown.casefold()
    return bool(shown == wanted)


def _write(session: GcpSession, piece: Piece, live: Body, lacking: Body) -> None:
    if "labels" in lacking:
        lacking = {**lacking, "labels": {**(live.get("labels") or {}), **lacking["labels"]}}
    body: Body = lacking
    if (word := _WRAPPED.get(piece.of.name)) is not None:
        body = {word: {"name": relative(piece.full), **lacking}, "updateMask": ",".join(sorted(lacking))}
    elif "fingerprint" in live:
        body = {**lacking, "fingerprint": live["fingerprint"]}
    session.call("PATCH", session.url(piece.full), body)
    deadline = time.monotonic() + _SECONDS
    # Of Compute Engine an operation is begun; what has become of it is read.
    while (seen := session.get(piece.full)) is not None and _lacking(piece, seen) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
