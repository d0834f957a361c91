"""The refusal of a manifest."""

from deployforge_documents.problems import InvalidDocument


class InvalidManifest(InvalidDocument):
    """A manifest that is refused; `problems` says why, in the order of the text."""
