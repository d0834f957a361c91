"""OpenTofu on a blueprint, with stand-ins: each `google_*` resource runs as a `terraform_data` whose input are its arguments.

What that shows of real OpenTofu: that it reads the document, its escapes, `depends_on`, `lifecycle` and references; that
there is no cycle; and in which order it goes. What it does not: anything of the `google` provider, whose part the
interpreter beside this has. An import needs the provider, so that imports are left to the interpreter too.
"""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.emulators.gcp.terraform import Invalid

_SECONDS: Final = 120
#: `${google_redis_instance.cache.host}`, but not `$${…}`
_REFERENCE: Final = re.compile(r"(?<!\$)\$\{(google_[a-z0-9_]+)\.([A-Za-z0-9_-]+)\.([a-z0-9_.]+)\}")
_QUIET: Final = {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}


class OpenTofu:
    """The program."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def run(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Make everything in a blueprint as stand-ins: by address, in the order in which OpenTofu finished them, the arguments
        as it has evaluated them. Raises Invalid with OpenTofu's own words."""
        with tempfile.TemporaryDirectory(prefix="df-tofu-") as directory:
            Path(directory, "main.tf.json").write_text(json.dumps(stand_ins(document)))
            self._run(directory, "init", "-input=false", "-no-color", "-backend=false")
            said = self._run(directory, "apply", "-auto-approve", "-input=false", "-json")
            shown = json.loads(self._run(directory, "show", "-json"))
        there = (shown.get("values") or {}).get("root_module", {}).get("resources", ())
        found = {_address(str(one["name"])): one["values"].get("output") for one in there}
        ended = [json.loads(line) for line in said.splitlines() if '"apply_complete"' in line]
        order = [_address(str(one["hook"]["resource"]["resource_name"])) for one in ended]
        return {address: found[address] for address in order}

    def _run(self, directory: str, *words: str) -> str:
        done = subprocess.run(
            [str(self._program), *words], cwd=directory, env={**os.environ, **_QUIET}, capture_output=True, text=True,
            timeout=_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise _refusal(done.stdout + done.stderr)
        return done.stdout


def stand_ins(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same document with `terraform_data` in place of what only the `google` provider has."""
    made: dict[str, Any] = {}
    for type, named in document.get("resource", {}).items():
        for label, body in named.items():
            arguments = {name: value for name, value in body.items() if name not in ("depends_on", "lifecycle")}
            entry: dict[str, Any] = {"input": _rewritten(arguments)}
            needs = {*body.get("depends_on", ()), *(f"{t}.{n}" for t, n in _referred(arguments))}
            if needs:
                entry["depends_on"] = sorted(f"terraform_data.{_label(one)}" for one in needs)
            lifecycle = dict(body.get("lifecycle", {}))
            if isinstance(lifecycle.get("ignore_changes"), list):
                # The arguments of a stand-in are one argument.
                lifecycle["ignore_changes"] = ["input"]
            if lifecycle:
                entry["lifecycle"] = lifecycle
            made[_label(f"{type}.{label}")] = entry
    return {"resource": {"terraform_data": made}} if made else {}


def _rewritten(value: Any) -> Any:
    """References to what only the provider tells name the stand-in's own id."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda m: "${terraform_data." + _label(f"{m[1]}.{m[2]}") + ".id}", value)
    if isinstance(value, Mapping):
        return {name: _rewritten(inner) for name, inner in value.items()}
    return [_rewritten(inner) for inner in value] if isinstance(value, list) else value


def _referred(value: Any) -> set[tuple[str, str]]:
    return {(m[1], m[2]) for m in _REFERENCE.finditer(json.dumps(value))}


def _label(address: str) -> str:
    type, _, label = address.partition(".")
    return f"{type}--{label}"


def _address(label: str) -> str:
    return label.replace("--", ".", 1)


def _refusal(said: str) -> Invalid:
    for line in said.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict) and told.get("@level") == "error":
            inner = told.get("diagnostic") or {}
            address = str(inner.get("address") or "").removeprefix("terraform_data.")
            return Invalid(f"{inner.get('summary', told.get('@message'))}: {inner.get('detail', '')}", _address(address))
    return Invalid(said.strip()[-1000:])
