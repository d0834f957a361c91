"""An existing module as one resource of ours: `<provider>/module` with its files, its variables, and its outputs.

Properties: `files` (path → text; HCL in `.tf`, JSON in `.tf.json`) and `variables` (name → value). Its outputs are its
attributes.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from deployforge_mcal.domain import references
from deployforge_mcal.domain.units import Problem, ResourceSpec

TYPE: Final = "module"
_PATH: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,7}")
_OUTPUT: Final = re.compile(r'^\s*output\s+"?([A-Za-z_][A-Za-z0-9_-]*)"?\s*\{', re.MULTILINE)
_VARIABLE: Final = re.compile(r'^\s*variable\s+"?([A-Za-z_][A-Za-z0-9_-]*)"?\s*\{', re.MULTILINE)
#: Runs whatever it is told to, as the user of mcal.
_PROVISIONER: Final = re.compile(r'\bprovisioner\b"?\s*[":{\w]')
_BACKEND: Final = re.compile(r"^\s*(backend\s+\"|cloud\s*\{)", re.MULTILINE)
_BYTES: Final = 4 << 20
#: What is said of a module in which nothing was changed outside.
IN_STEP: Final = ["nothing"]


def problems(spec: ResourceSpec) -> list[Problem]:
    """What keeps a module from being run."""
    found: list[Problem] = []
    at = f"{spec.name}.properties"
    for name in sorted(set(spec.properties) - {"files", "variables"}):
        found.append(Problem(f"{at}.{name}", f"a module has no property {name}", "one of files, variables"))
    given, variables = spec.properties.get("files"), spec.properties.get("variables", {})
    if not isinstance(variables, Mapping):
        found.append(Problem(f"{at}.variables", "variables are no mapping", "name: value"))
    if not isinstance(given, Mapping) or not given or not all(isinstance(text, str) for text in given.values()):
        return [*found, Problem(f"{at}.files", "a module needs files", "path: text")]
    try:
        texts = plain(given)
    except ValueError as error:
        hint = "in a manifest, the module's own ${…} are written $${…}"
        return [*found, Problem(f"{at}.files", str(error), "$${…}", hint)]
    for path, text in sorted(texts.items()):
        found += _file_problems(f"{at}.files.{path}", path, text)
    if sum(map(len, texts.values())) > _BYTES:
        found.append(Problem(f"{at}.files", f"the files have more than {_BYTES} bytes", "a smaller module"))
    if not found and isinstance(variables, Mapping):
        known = set(_named(texts, "variable", _VARIABLE))
        for name in sorted(set(variables) - known):
            expected = ", ".join(sorted(known)) or "none"
            found.append(Problem(f"{at}.variables.{name}", f"the module has no variable {name}", expected))
    return found


def files(spec: ResourceSpec) -> dict[str, str]:
    """The module's files as they are run."""
    return plain(spec.properties["files"])


def plain(given: Mapping[str, str]) -> dict[str, str]:
    """Texts with `$${` undone. Raises ValueError where a reference of ours stands in one."""
    found = {}
    for path, text in given.items():
        pieces = references.parts(text)
        if any(not isinstance(piece, str) for piece in pieces):
            raise ValueError(f"{path} holds a reference of the manifest")
        found[path] = "".join(map(str, pieces))
    return found


def _file_problems(at: str, path: str, text: str) -> Iterator[Problem]:
    if not _PATH.fullmatch(path) or PurePosixPath(path).is_absolute():
        yield Problem(at, f"{path} is no path inside a module", "such as main.tf or parts/network.tf")
        return
    if path.endswith(".tf.json"):
        try:
            json.loads(text)
        except ValueError as error:
            yield Problem(at, f"{path} is not JSON: {error}")
    if not path.endswith((".tf", ".tf.json")):
        return
    if (matched := _PROVISIONER.search(text)) is not None:
        line = text.count("\n", 0, matched.start()) + 1
        hint = "a provisioner runs programs where mcal runs; use a resource"
        yield Problem(at, f"{path} line {line}: provisioners are not run", "a module without them", hint)
    if (matched := _BACKEND.search(text)) is not None:
        line = text.count("\n", 0, matched.start()) + 1
        yield Problem(at, f"{path} line {line}: the state is kept by DeployForge", "a module without a backend")


def outputs(given: Mapping[str, str]) -> tuple[str, ...]:
    """The outputs of the module's own directory."""
    return tuple(sorted(set(_named(given, "output", _OUTPUT))))


def _named(given: Mapping[str, str], kind: str, pattern: re.Pattern[str]) -> Iterator[str]:
    for path, text in given.items():
        if "/" in path:
            continue
        if path.endswith(".tf.json"):
            shown = json.loads(text)
            blocks = shown.get(kind, {}) if isinstance(shown, Mapping) else {}
            for block in blocks if isinstance(blocks, list) else [blocks]:
                yield from block
        elif path.endswith(".tf"):
            yield from pattern.findall(text)


def digest(given: Mapping[str, str]) -> str:
    """What tells one version of a module's files from another."""
    return "sha256:" + hashlib.sha256(json.dumps(dict(given), sort_keys=True).encode()).hexdigest()


def desired(given: Mapping[str, str]) -> dict[str, Any]:
    """What is compared of a module: its files, and that nothing in it differs from what they say."""
    return {"files": digest(given), "drifted": IN_STEP}
