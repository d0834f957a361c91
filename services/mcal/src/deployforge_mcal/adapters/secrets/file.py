"""Secrets as files below one directory, `secret://file/<path>`: how Kubernetes and systemd hand them to a process."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from deployforge_mcal.application.secrets import LONGEST_BYTES, SecretAccess, SecretUnavailable


class FileSource:
    """See SecretSource. A file belongs to this user or to root, and nobody else may touch it."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    def resolve(self, name: str, access: SecretAccess) -> str:
        """See SecretSource. One line break at the end does not belong to the value."""
        reference = f"secret://file/{name}"
        if self._directory is None:
            raise SecretUnavailable(reference, "no directory of secrets is configured (DEPLOYFORGE_MCAL_SECRETS_DIR)")
        try:
            return _read(self._directory.resolve(strict=True), name, reference)
        except OSError as error:
            # Not chained, and by its own words only: the message of an error holds paths.
            raise SecretUnavailable(reference, f"cannot be read: {os.strerror(error.errno or 0)}") from None
        except ValueError:
            raise SecretUnavailable(reference, "is not UTF-8 text") from None


def _read(directory: Path, name: str, reference: str) -> str:
    path = (directory / name).resolve(strict=True)
    # Links may lead about inside the directory, as Kubernetes' do, and not out of it.
    if not path.is_relative_to(directory):
        raise SecretUnavailable(reference, "lies outside the directory of secrets")
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        is_ = os.fstat(handle)
        if not stat.S_ISREG(is_.st_mode):
            raise SecretUnavailable(reference, "is no file")
        if is_.st_mode & 0o077 or is_.st_uid not in (os.geteuid(), 0):
            raise SecretUnavailable(reference, "is open to others: chmod 600, and owned by this user or root")
        text = file.read(LONGEST_BYTES + 2).decode()
    return text[:-1] if text.endswith("\n") else text


def from_options(options: Mapping[str, str]) -> FileSource:
    """The entry point: `directory`, empty for none."""
    return FileSource(Path(options["directory"]) if options.get("directory") else None)
