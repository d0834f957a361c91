"""Where a secret may stand: as a whole value, in a property that AWS itself never gives back, and only there.

Which those are, AWS's own schemas say (writeOnlyProperties); a kind says which property of its vocabulary is one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from deployforge_mcal.adapters.aws.kinds.base import Kind
from deployforge_mcal.adapters.aws.schemas import Schema
from deployforge_mcal.domain.references import parts, secrets
from deployforge_mcal.domain.secrets import SecretReference, is_mark
from deployforge_mcal.domain.units import Problem, ResourceSpec
from deployforge_mcal.domain.words import listed


def problems(spec: ResourceSpec, schema: Schema, kind: Kind | None) -> list[Problem]:
    """What is wrong with the secrets of a declaration; `kind` when it is in the unified vocabulary."""
    hidden = sorted(schema.write_only)
    own = [p.name for p in kind.properties if p.secret] if kind is not None else []
    able = {"properties": own if kind is not None else hidden, "native": hidden, "initial": []}
    found = []
    for part, values in (("properties", spec.properties), ("native", spec.native), ("initial", spec.initial)):
        for path, reference in secrets(values):
            where = f"{spec.name}.{part}.{path}"
            if not _able(path, able[part], within=part == "properties"):
                said = f"{path} of {spec.type} cannot hold a secret: whoever may read the resource would see its value"
                found.append(Problem(where, said, listed(able[part]) or "a property that AWS never gives back"))
            elif not _is_whole(values, path):
                found.append(Problem(where, f"{reference} stands inside a text", "the secret as the whole value"))
    return found + [_written_out(spec, path) for name in own for path in _plain(spec.properties.get(name), name)]


def is_secret(value: Any) -> bool:
    """Whether a value is, or holds, a secret: by reference or by mark."""
    if isinstance(value, Mapping):
        return any(map(is_secret, value.values()))
    return is_mark(value) or bool(list(secrets(value)))


def _written_out(spec: ResourceSpec, name: str) -> Problem:
    hint = "declare a parameter with type: secret and write ${parameters.<name>}"
    said = f"{name} is written out: it would be stored and shown"
    return Problem(f"{spec.name}.properties.{name}", said, "a secret parameter", hint)


def _able(path: str, able: Sequence[str], *, within: bool) -> bool:
    """Whether a secret may stand at a path; `within`: also inside a property that holds secrets by name."""
    return path in able or (within and path.partition(".")[0] in able and "[" not in path)


def _plain(value: Any, path: str) -> list[str]:
    """Where something is written out in what may hold nothing but secrets."""
    if isinstance(value, Mapping):
        return [where for name, inner in value.items() for where in _plain(inner, f"{path}.{name}")]
    return [path] if value is not None and not list(secrets(value)) else []


def _is_whole(values: Any, path: str) -> bool:
    for name in path.split("."):
        values = values[name]
    pieces = parts(values)
    return len(pieces) == 1 and isinstance(pieces[0], SecretReference)
