"""Terraform as Infrastructure Manager runs it, as far as blueprints of one main.tf.json need it: this reads the document
itself, compares it with state and with what is there, and makes the changes one by one. It is no Terraform: no modules,
data sources, providers but `google`, functions, `count` or `for_each`.
"""

import io
import json
import re
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tests.emulators.gcp.kinds import KINDS, Body, Kind, camel, relative_of
from tests.emulators.gcp.services import Services

_REFERENCE: Final = re.compile(r"\$\$\{|%%\{|\$\{([a-z_0-9]+)\.([A-Za-z0-9_-]+)\.([a-z_0-9.]+)\}")
_META: Final = ("depends_on", "lifecycle")
#: What Terraform knows and no service has.
PROVIDER: Final = 'provider["registry.terraform.io/hashicorp/google"]'


class Invalid(Exception):
    """The blueprint cannot be planned; told of an address where there is one."""

    def __init__(self, message: str, address: str = "") -> None:
        super().__init__(message)
        self.address = address

    def terraform(self) -> dict[str, Any]:
        """As Infrastructure Manager tells it."""
        said: dict[str, Any] = {"errorDescription": f"Error: {self}"}
        return {**said, "resourceAddress": self.address} if self.address else said


@dataclass(frozen=True)
class Block:
    """One resource block."""

    address: str
    kind: Kind
    arguments: Mapping[str, Any]
    needs: frozenset[str]
    ignored: frozenset[str]
    """Arguments whose changes are ignored; `*`: all."""
    evaluated: bool = False
    """The arguments are values, and no expressions any more."""


@dataclass(frozen=True)
class Document:
    """A blueprint."""

    blocks: Mapping[str, Block]
    imports: Mapping[str, str]
    project: str


@dataclass
class Change:
    """What shall be done about an address."""

    address: str
    intent: str
    """CREATE, UPDATE, DELETE, RECREATE, UNCHANGED."""
    properties: list[dict[str, Any]] = field(default_factory=list)


def unpacked(content: bytes) -> dict[str, Any]:
    """The main.tf.json in a zip. Raises Invalid."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return dict(json.loads(archive.read("main.tf.json")))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise Invalid(f"the blueprint cannot be read: {error}") from None


def parsed(document: Mapping[str, Any], evaluated: Mapping[str, Any] | None = None) -> Document:
    """A blueprint. `evaluated`, where OpenTofu has run it, is by address what it made of the arguments, and gives the
    order. Raises Invalid as Terraform would."""
    provider = document.get("provider", {}).get("google", {})
    blocks = {}
    for type, named in document.get("resource", {}).items():
        for label, body in named.items():
            block = _block(type, label, body)
            blocks[block.address] = block
    for block in blocks.values():
        if missing := sorted(block.needs - set(blocks)):
            raise Invalid(f"Reference to undeclared resource: {missing[0]}", block.address)
    if evaluated is None:
        ordered = {address: blocks[address] for address in _ordered(blocks)}
    else:
        # What only a service tells is no part of a stand-in: such arguments are evaluated here.
        ordered = {
            address: blocks[address]
            if any(_referred(blocks[address].arguments))
            else replace(blocks[address], arguments=arguments, evaluated=True)
            for address, arguments in evaluated.items()
        }
    imports = {str(one["to"]): _text(str(one["id"]), {}) for one in document.get("import", ())}
    return Document(ordered, imports, str(provider.get("project", "")))


def _block(type: str, label: str, body: Mapping[str, Any]) -> Block:
    address, kind = f"{type}.{label}", KINDS.get(type)
    if kind is None:
        raise Invalid(
            f'Invalid resource type: the provider hashicorp/google does not support resource type "{type}"', address
        )
    arguments = {name: value for name, value in body.items() if name not in _META}
    for name in arguments:
        if name not in kind.args:
            raise Invalid(f'Unsupported argument: an argument named "{name}" is not expected here', address)
    for name, arg in kind.args.items():
        if arg.required and name not in arguments:
            raise Invalid(
                f'Missing required argument: the argument "{name}" is required, but no definition was found', address
            )
    ignored = body.get("lifecycle", {}).get("ignore_changes", ())
    needs = {*body.get("depends_on", ()), *(f"{t}.{n}" for t, n in _referred(arguments))}
    return Block(address, kind, arguments, frozenset(needs), frozenset(["*"] if ignored == "all" else ignored))


def _ordered(blocks: Mapping[str, Block]) -> Iterator[str]:
    left = dict(blocks)
    while left:
        ready = sorted(a for a, block in left.items() if not block.needs & left.keys())
        if not ready:
            raise Invalid(f"Cycle: {', '.join(sorted(left))}")
        for address in ready:
            left.pop(address)
            yield address


def _referred(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield from ((m[1], m[2]) for m in _REFERENCE.finditer(value) if m[1])
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _referred(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _referred(inner)


def empty_state() -> dict[str, Any]:
    """A state in which nothing is."""
    return {
        "version": 4, "terraform_version": "1.5.7", "serial": 1, "lineage": str(uuid.uuid4()), "outputs": {},
        "resources": [], "check_results": None,
    }  # fmt: skip


class Engine:
    """Plans and applies. State is Terraform's format, version 4."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def plan(self, document: Document, state: dict[str, Any]) -> list[Change]:
        """What has to be done, in order; the state is refreshed. Raises Invalid or Refused."""
        self._refresh(state)
        self._import(document, state)
        found = []
        for address in [a for a in reversed(list(_addresses(state))) if a not in document.blocks]:
            found.append(Change(address, "DELETE"))
        for address, block in document.blocks.items():
            found.append(self._change(document, block, state, address))
        # Terraform deletes what nothing needs any more last, so that it can be let go of first.
        return [c for c in found if c.intent != "DELETE"] + [c for c in found if c.intent == "DELETE"]

    def drifts(self, state: Mapping[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
        """Addresses of what is not as the state has it, with what differs; of what is gone, nothing."""
        found = []
        for address in _addresses(state):
            kind, full = KINDS[address.partition(".")[0]], self._full(state, address)
            live = self._services.find(full) if full is not None else None
            properties = []
            for name, value in ((_instance(state, address) or {}).get("attributes") or {}).items() if live else ():
                arg = kind.args.get(name)
                if arg is None or not arg.path or _is_unknown(value):
                    continue
                wanted, there = arg.there(value), _get(live, arg.path)
                if not _same(name, wanted, there, {}):
                    properties.append({"path": name, "before": wanted, "after": there})
            if live is None or properties:
                found.append((address, properties))
        return found

    def ending(self, state: dict[str, Any]) -> list[Change]:
        """What ends everything."""
        self._refresh(state)
        return [Change(address, "DELETE") for address in reversed(list(_addresses(state)))]

    def do(self, change: Change, document: Document | None, state: dict[str, Any]) -> None:
        """Make one change, and note it in the state. Raises Refused or Invalid."""
        if change.intent in ("DELETE", "RECREATE"):
            full = self._full(state, change.address)
            if full is not None and self._services.find(full) is not None:
                self._services.drop(full)
            _forget(state, change.address)
        if change.intent == "DELETE" or document is None:
            return
        block = document.blocks[change.address]
        if change.intent in ("CREATE", "RECREATE"):
            arguments = self._arguments(block, state)
            relative = relative_of(block.kind, arguments, document.project)
            full = f"//{block.kind.service}/{relative}"
            project = str(arguments.get("project") or document.project)
            self._services.create(block.kind, full, _rest(block.kind, arguments), project)
            _note(state, block, arguments, relative)
        elif change.intent == "UPDATE":
            before = _instance(state, change.address) or {}
            arguments = {**self._arguments(block, state)}
            full = str(self._full(state, change.address))
            body = _rest(block.kind, {n: v for n, v in arguments.items() if n not in block.ignored})
            live = self._services.find(full) or {}
            if "labels" in body:
                ours = (before.get("attributes") or {}).get("labels") or {}
                body["labels"] = {**{k: v for k, v in live.get("labels", {}).items() if k not in ours}, **body["labels"]}
            self._services.update(block.kind, full, body, [block.kind.args[n].path for n in _gone(before, block)])
            _note(state, block, arguments, full.removeprefix("//").partition("/")[2])
        elif "*" not in block.ignored:
            full = str(self._full(state, change.address))
            _note(state, block, self._arguments(block, state), full.removeprefix("//").partition("/")[2])

    # --- planning -------------------------------------------------------------------------------------

    def _refresh(self, state: dict[str, Any]) -> None:
        for address in list(_addresses(state)):
            full = self._full(state, address)
            if full is None or self._services.find(full) is None:
                _forget(state, address)

    def _import(self, document: Document, state: dict[str, Any]) -> None:
        for address, id in document.imports.items():
            block = document.blocks.get(address)
            if block is None or _instance(state, address) is not None:
                continue
            if self._services.find(f"//{block.kind.service}/{id}") is None:
                raise Invalid(f'Cannot import non-existent remote object "{id}"', address)
            _note(state, block, {}, id)

    def _change(self, document: Document, block: Block, state: dict[str, Any], address: str) -> Change:
        full = self._full(state, address)
        if full is None:
            return Change(address, "CREATE")
        if "*" in block.ignored:
            return Change(address, "UNCHANGED")
        arguments = self._arguments(block, state, planning=True)
        live = self._services.find(full) or {}
        relative = relative_of(block.kind, arguments, document.project)
        if not full.endswith(f"/{relative}"):
            return Change(address, "RECREATE")
        intent, properties = "UNCHANGED", []
        earlier = ((_instance(state, address) or {}).get("attributes") or {}).get("labels") or {}
        for name, value in arguments.items():
            arg = block.kind.args[name]
            if not arg.path or name in block.ignored:
                continue
            wanted, there = arg.there(value), _get(live, arg.path)
            if _is_unknown(value) or _same(name, wanted, there, earlier):
                continue
            properties.append({"path": name, "before": there, "after": wanted})
            intent = "RECREATE" if arg.force or intent == "RECREATE" else "UPDATE"
        for name in _gone(_instance(state, address), block):
            properties.append({"path": name, "before": _get(live, block.kind.args[name].path), "after": None})
            intent = "UPDATE" if intent == "UNCHANGED" else intent
        return Change(address, intent, properties)

    # --- values ---------------------------------------------------------------------------------------

    def _arguments(self, block: Block, state: dict[str, Any], *, planning: bool = False) -> dict[str, Any]:
        arguments, known = block.arguments, dict[str, Any]()
        if block.evaluated:
            return dict(arguments)
        for type, name in set(_referred(arguments)):
            full = self._full(state, f"{type}.{name}")
            if full is not None:
                attributes = (_instance(state, f"{type}.{name}") or {}).get("attributes", {})
                known[f"{type}.{name}"] = {**attributes, "": self._services.find(full) or {}}
            elif not planning:
                raise Invalid(f"{type}.{name} is not there")
        return {name: _valued(value, known) for name, value in arguments.items()}

    def _full(self, state: dict[str, Any], address: str) -> str | None:
        instance = _instance(state, address)
        if instance is None:
            return None
        return f"//{KINDS[address.partition('.')[0]].service}/{instance['attributes']['id']}"


def _gone(instance: Mapping[str, Any] | None, block: Block) -> list[str]:
    """Arguments that the state has and the blueprint no longer."""
    before = (instance or {}).get("attributes") or {}
    return [
        n
        for n, a in block.kind.args.items()
        if n in before and n not in block.arguments and a.path and n not in block.ignored
    ]


def _valued(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return _text(value, known)
    if isinstance(value, Mapping):
        return {name: _valued(inner, known) for name, inner in value.items()}
    return [_valued(inner, known) for inner in value] if isinstance(value, list) else value


def _text(text: str, known: Mapping[str, Any]) -> str:
    def said(match: "re.Match[str]") -> str:
        if match[1] is None:
            return match[0][1:]
        there = known.get(f"{match[1]}.{match[2]}")
        if there is None:
            return match[0]
        path = match[3]
        arg = KINDS[match[1]].args.get(path)
        spelt = arg.path if arg is not None and arg.path else ".".join(camel(p) for p in path.split(".") if not p.isdigit())
        live = _get(there[""], spelt)
        return str(there.get(path, live))

    return _REFERENCE.sub(said, text)


def _is_unknown(value: Any) -> bool:
    return isinstance(value, str) and _REFERENCE.search(value) is not None and "${" in value


def _rest(kind: Kind, arguments: Mapping[str, Any]) -> Body:
    found: Body = {}
    for name, value in arguments.items():
        arg = kind.args[name]
        if arg.path:
            *heads, last = arg.path.split(".")
            at = found
            for head in heads:
                at = at.setdefault(head, {})
            at[last] = arg.there(value)
    return found


def _same(name: str, wanted: Any, there: Any, earlier: Mapping[str, Any]) -> bool:
    if name in ("labels", "annotations"):
        mine = there or {}
        return all(mine.get(k) == v for k, v in wanted.items()) and not any(k in mine and k not in wanted for k in earlier)
    if not wanted and not there:
        return True
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        return all(_same("", value, there.get(inner), {}) for inner, value in wanted.items())
    return bool(wanted == there)


def _get(body: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(body, list):
            body = body[0] if body else None
        body = body.get(name) if isinstance(body, Mapping) else None
    return body


# --- state ------------------------------------------------------------------------------------------------


def _addresses(state: Mapping[str, Any]) -> Iterator[str]:
    return (f"{one['type']}.{one['name']}" for one in state["resources"])


def _instance(state: Mapping[str, Any], address: str) -> dict[str, Any] | None:
    for one in state["resources"]:
        if f"{one['type']}.{one['name']}" == address:
            return dict(one["instances"][0])
    return None


def _forget(state: dict[str, Any], address: str) -> None:
    state["resources"] = [one for one in state["resources"] if f"{one['type']}.{one['name']}" != address]
    state["serial"] += 1


def _note(state: dict[str, Any], block: Block, arguments: Mapping[str, Any], relative: str) -> None:
    type, _, name = block.address.partition(".")
    entry = {
        "mode": "managed", "type": type, "name": name, "provider": PROVIDER,
        "instances": [{"schema_version": 0, "attributes": {**arguments, "id": relative}, "dependencies": sorted(block.needs)}],
    }  # fmt: skip
    for index, one in enumerate(state["resources"]):
        if (one["type"], one["name"]) == (type, name):
            state["resources"][index] = entry
            break
    else:
        state["resources"].append(entry)
    state["serial"] += 1
