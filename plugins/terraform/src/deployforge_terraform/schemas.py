"""The providers' own schemas, asked of the program once per provider: what can be declared, and how it is compared."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deployforge_terraform import directories
from deployforge_terraform.cli import Cli, find
from deployforge_terraform.errors import failed
from deployforge_terraform.options import Options, Source

#: The provider that is part of the program.
_BUILTIN: Final = Source(source="terraform.io/builtin/terraform")


@dataclass(frozen=True)
class Attribute:
    """An argument or a result."""

    type: Any
    """`"string"`, `["list", "string"]`, `["object", {…}]`, …"""
    required: bool
    settable: bool
    computed: bool
    sensitive: bool


@dataclass(frozen=True)
class Block:
    """What a resource, or a block in it, consists of."""

    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, "Nested"]


@dataclass(frozen=True)
class Nested:
    """Blocks of one name: single, group, list, set or map of them."""

    mode: str
    block: Block
    least: int


@dataclass(frozen=True)
class ResourceSchema:
    """One resource type."""

    type: str
    provider: str
    block: Block


class UnknownType(LookupError):
    """No installed provider has this resource type."""

    def __init__(self, type: str, expected: str, hint: str) -> None:
        super().__init__(f"no installed provider has the resource type {type}")
        self.expected, self.hint = expected, hint


class Schemas:
    """The schemas of the providers that may be used. Threads may share it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._cli: Cli | None = None
        self._known: dict[str, dict[str, ResourceSchema]] = {}

    def cli(self) -> Cli:
        """The program; looked for until it is found. Raises ProviderFailure."""
        with self._lock:
            if self._cli is None:
                self._cli = find(self._options)
            return self._cli

    def sources(self) -> dict[str, Source]:
        """Local name → where it comes from. Raises ProviderFailure."""
        return {"terraform": _BUILTIN, **_mirrored(self._options.mirror, self.cli().registry), **self._options.providers}

    def of(self, type: str) -> ResourceSchema:
        """The schema of a resource type. Raises UnknownType, ProviderFailure."""
        name = type.partition("_")[0]
        sources = self.sources()
        if name not in sources:
            raise UnknownType(type, f"a type of {', '.join(sorted(sources))}", "put its provider into the mirror")
        types = self._of_provider(name, sources[name])
        if type not in types:
            raise UnknownType(type, ", ".join(sorted(types)[:20]), f"see the documentation of {sources[name].source}")
        return types[type]

    def types(self) -> tuple[str, ...]:
        """Every resource type. Raises ProviderFailure."""
        return tuple(sorted(t for name, source in self.sources().items() for t in self._of_provider(name, source)))

    def _of_provider(self, name: str, source: Source) -> dict[str, ResourceSchema]:
        cli = self.cli()
        with self._lock:
            if name not in self._known:
                self._known[name] = _asked(cli, self._options, name, source)
            return self._known[name]


def required(sources: Mapping[str, Source]) -> dict[str, Any]:
    """The block `required_providers`."""
    found = {name: s.model_dump(exclude_defaults=True) for name, s in sorted(sources.items()) if name != "terraform"}
    return {"required_providers": found} if found else {}


def _mirrored(mirror: Path | None, registry: str) -> dict[str, Source]:
    """Every provider in the mirror, at any version there; the registry's own before others of the same name."""
    found: dict[str, Source] = {}
    for path in sorted(mirror.glob("*/*/*")) if mirror is not None else ():
        host, namespace, name = path.parts[-3:]
        if path.is_dir() and (host == registry or name not in found):
            address = f"{namespace}/{name}" if host == registry else f"{host}/{namespace}/{name}"
            found[name] = Source(source=address)
    return found


def _asked(cli: Cli, options: Options, name: str, source: Source) -> dict[str, ResourceSchema]:
    config = {"terraform": {"required_providers": {name: source.model_dump(exclude_defaults=True)}}}
    with directories.scratch(options) as directory:
        runner = directories.runner(cli, options, directory, {})
        (directory / "main.tf.json").write_text(json.dumps(config))
        runner.read("init", "-input=false", "-no-color", "-backend=false")
        output = runner.read("providers", "schema", "-json", "-no-color")
    try:
        shown = json.loads(output)["provider_schemas"]
        types = next(iter(shown.values()))["resource_schemas"] if shown else {}
        return {t: ResourceSchema(t, name, _block(schema["block"])) for t, schema in types.items()}
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise failed("CLI_UNUSABLE", f"the schemas of {source.source} have not the form that is documented") from error


def _block(shown: Mapping[str, Any]) -> Block:
    attributes = {name: _attribute(a) for name, a in shown.get("attributes", {}).items()}
    blocks = {
        name: Nested(b["nesting_mode"], _block(b.get("block", {})), b.get("min_items", 0))
        for name, b in shown.get("block_types", {}).items()
    }
    return Block(attributes, blocks)


def _attribute(shown: Mapping[str, Any]) -> Attribute:
    optional, required, computed = (bool(shown.get(k)) for k in ("optional", "required", "computed"))
    sensitive = bool(shown.get("sensitive") or shown.get("write_only"))
    return Attribute(_type(shown), required, optional or required, computed, sensitive)


def _type(shown: Mapping[str, Any]) -> Any:
    nested = shown.get("nested_type")
    if nested is None:
        return shown.get("type", "dynamic")
    object_type = ["object", {name: _type(a) for name, a in nested.get("attributes", {}).items()}]
    return object_type if nested.get("nesting_mode") == "single" else [nested.get("nesting_mode"), object_type]
