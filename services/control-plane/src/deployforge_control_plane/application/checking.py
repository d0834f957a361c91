"""Manifests as they come in: read, held against the schema, then against the clouds' own schemas.

The clouds' schemas are known to the cloud layer alone. When it does not answer, the manifest goes on: the plan
checks again, only later.
"""

from deployforge_documents.problems import Problem, in_order

from deployforge_control_plane.application.ports import Meter, TypeChecker
from deployforge_control_plane.domain.manifest.manifest import Manifest, parse, place
from deployforge_control_plane.domain.manifest.problems import InvalidManifest
from deployforge_control_plane.domain.values import PlanProblem


class Checking:
    """Reads manifests; the only way in."""

    def __init__(self, types: TypeChecker, meter: Meter) -> None:
        self._types, self._meter = types, meter

    def read(self, text: bytes, file: str) -> Manifest:
        """The manifest in `text`. Raises InvalidManifest with everything that is wrong, each with its place."""
        with self._meter.reading(len(text)):
            manifest = parse(text, file)
        if found := self._types.problems(manifest.canonical):
            raise InvalidManifest(in_order((_placed(manifest, problem) for problem in found), file))
        return manifest


def _placed(manifest: Manifest, found: PlanProblem) -> Problem:
    line, column = place(manifest.places, found.path)
    return Problem(found.message, line, column, found.path, found.expected, found.hint)
