"""Reads the file of bootstrap tokens."""

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from deployforge_control_plane.application.access import Bootstrap

_ENTRIES: Final = TypeAdapter(list[Bootstrap])


class BadBootstrapFile(Exception):
    """The file cannot be read or is not a list of tokens; the process must not start without its tokens."""


def read_bootstrap(path: Path | None) -> list[Bootstrap]:
    """The entries of the file; none without a file."""
    if path is None:
        return []
    try:
        return _ENTRIES.validate_json(path.read_bytes())
    except OSError as error:
        raise BadBootstrapFile(f"cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise BadBootstrapFile(f"{path} is not a list of tokens: {where}: {error.errors()[0]['msg']}") from None
