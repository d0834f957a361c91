"""Manifests as they are sent: what their includes declare is put in here, where the files are.

Problems that come back speak of the text that was sent; people are told of the files that they wrote.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deployforge.common.v1 import common_pb2
from deployforge_client import InvalidManifest
from deployforge_client.manifests import read_manifest
from deployforge_documents.problems import InvalidDocument, Problem
from deployforge_templates.includes import expand
from deployforge_templates.laying import Expanded


def read_expanded(path: Path) -> Expanded:
    """A manifest with its includes. Raises BadRequest for a file, InvalidManifest for an include that cannot be read."""
    with documents():
        return expand(read_manifest(path), path, Path.cwd())


@contextmanager
def documents() -> Iterator[None]:
    """Refusals of documents as refusals of the manifest that they were to become."""
    try:
        yield
    except InvalidDocument as wrong:
        raise InvalidManifest([_problem(found) for found in wrong.problems]) from None


@contextmanager
def in_its_files(manifest: Expanded) -> Iterator[None]:
    """Problems that the control plane finds in a manifest, in the places where its author finds them."""
    try:
        yield
    except InvalidManifest as wrong:
        raise InvalidManifest(list(located(wrong.problems, manifest))) from None


def located(problems: Iterable[common_pb2.Problem], manifest: Expanded) -> Iterator[common_pb2.Problem]:
    """Problems in the places where their author finds them."""
    for problem in problems:
        place = manifest.place(problem.line, problem.column)
        found = common_pb2.Problem()
        found.CopyFrom(problem)
        if place is not None:
            found.file, found.line, found.column = place
        yield found


def _problem(found: Problem) -> common_pb2.Problem:
    return common_pb2.Problem(
        message=found.message,
        path=found.path,
        file=found.file,
        line=found.line,
        column=found.column,
        expected=found.expected,
        hint=found.hint,
    )
