"""Manifests as bytes: read from files, and refused where they are too large."""

from pathlib import Path

from deployforge_client.errors import BadRequest

#: Largest manifest that the control plane reads, in bytes; refused here before it is sent.
MANIFEST_LIMIT_BYTES = 8 * 1024 * 1024


def read_manifest(path: Path) -> bytes:
    """The bytes of a manifest file. Raises BadRequest when it cannot be read or is too large."""
    try:
        size = path.stat().st_size
        if size > MANIFEST_LIMIT_BYTES:
            raise BadRequest(_too_large(str(path), size), hint="split the deployment")
        return path.read_bytes()
    except OSError as error:
        raise BadRequest(f"cannot read {path}: {error.strerror}", hint="give the path of a manifest") from error


def within_limit(manifest: bytes, file: str) -> bytes:
    """The manifest. Raises BadRequest when it is too large."""
    if len(manifest) > MANIFEST_LIMIT_BYTES:
        raise BadRequest(_too_large(file or "manifest", len(manifest)), hint="split the deployment")
    return manifest


def _too_large(what: str, size_bytes: int) -> str:
    return f"{what}:1:1: {size_bytes:,} bytes, expected at most {MANIFEST_LIMIT_BYTES:,}"
