"""The files of a module: a directory of text, without what a working copy has beside it."""

import re
from pathlib import Path
from typing import Final

from deployforge_documents.reading import Node

from deployforge_templates.sources import Source
from deployforge_templates.values import refused

MOST_BYTES: Final = 4 << 20
_MOST_FILES: Final = 500
_PATH: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,7}")
_STATE: Final = re.compile(r".*\.tfstate(\..*)?")
_VALUES: Final = re.compile(r"terraform\.tfvars(\.json)?|.*\.auto\.tfvars(\.json)?")


def files(source: Source) -> dict[str, Node]:
    """Path within the module → its text, in the place where the file begins. Raises InvalidDocument.

    Hidden files and states are left out: they belong to the working copy.
    """
    root = source.path
    if not root.is_dir():
        raise refused(source.asked, f"{source.shown} is no directory", "the directory of a module")
    found: dict[str, Node] = {}
    size = 0
    for path in sorted(root.rglob("*")):
        inner = path.relative_to(root)
        if path.is_dir() or any(part.startswith(".") for part in inner.parts) or _STATE.fullmatch(path.name):
            continue
        name = inner.as_posix()
        if not path.resolve().is_relative_to(root.resolve()):
            raise refused(source.asked, f"{source.shown}/{name} leads out of the module", "a file of its own")
        if len(inner.parts) == 1 and _VALUES.fullmatch(name):
            said = f"{source.shown}/{name}: values in a file of their own are not read"
            raise refused(source.asked, said, "the values among parameters")
        size += path.stat().st_size
        if size > MOST_BYTES or len(found) >= _MOST_FILES:
            said = f"{source.shown} has more than {MOST_BYTES} bytes or {_MOST_FILES} files"
            raise refused(source.asked, said, "a smaller module")
        found[name] = _text(source, path, name)
    if not any(name.endswith((".tf", ".tf.json")) and "/" not in name for name in found):
        raise refused(source.asked, f"{source.shown} has no .tf file", "the directory of a module")
    return found


def _text(source: Source, path: Path, name: str) -> Node:
    shown = f"{source.shown}/{name}"
    if not _PATH.fullmatch(name):
        raise refused(source.asked, f"{shown} has a name that no module is sent with", "letters, digits, dots, - and _")
    try:
        return Node(path.read_text(encoding="utf-8"), 1, 1, file=shown)
    except UnicodeDecodeError:
        raise refused(source.asked, f"{shown} is not UTF-8 text", "files of text") from None
    except OSError as error:
        raise refused(source.asked, f"cannot read {shown}: {error.strerror}", "a file that can be read") from None
