"""Values by the type that a provider's schema gives them: canonical, without what is secret, and as texts."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from deployforge_mcal.domain.normalise import NotCanonical, as_set, boolean
from deployforge_mcal.domain.references import has_references

from deployforge_terraform.schemas import Block, Nested

_ATTRIBUTES: Final = 500
_NOTHING: Final[tuple[Any, ...]] = (None, "", 0, False, [], {})


def canonical(type: Any, value: Any) -> Any:
    """The value as the program stores it: numbers from text and text from numbers, sets sorted. References stay.
    Raises NotCanonical."""
    if value is None or has_references(value):
        return value
    if isinstance(type, str):
        return _primitive(type, value)
    kind, inner = type[0], type[1]
    if kind in ("list", "tuple") and isinstance(value, list | tuple):
        kinds = inner if kind == "tuple" else [inner] * len(value)
        return [canonical(t, v) for t, v in zip(kinds, value, strict=False)]
    if kind == "set" and isinstance(value, list | tuple):
        return as_set(lambda v: canonical(inner, v))(value)
    if kind == "map" and isinstance(value, Mapping):
        return {str(k): canonical(inner, v) for k, v in value.items()}
    if kind == "object" and isinstance(value, Mapping):
        if unknown := sorted(set(value) - set(inner)):
            raise NotCanonical(unknown[0], "one of " + ", ".join(sorted(inner)))
        return {k: canonical(inner[k], v) for k, v in value.items()}
    raise NotCanonical(value, {"map": "a mapping", "object": "a mapping"}.get(kind, "a list"))


def _primitive(type: str, value: Any) -> Any:
    if type == "dynamic":
        return value
    if isinstance(value, Mapping | list | tuple):
        raise NotCanonical(value, {"bool": "true or false", "number": "a number"}.get(type, "a text"))
    if type == "bool":
        return boolean(value)
    if type == "string":
        return _text(value)
    if isinstance(value, bool):
        raise NotCanonical(value, "a number")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise NotCanonical(value, "a number") from None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise NotCanonical(value, "a number")
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))


def compared(block: Block, values: Mapping[str, Any], sensitive: Any = None) -> dict[str, Any]:
    """What of a resource can be compared: what can be set, is set, and is not secret. Raises NotCanonical."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        attribute = block.attributes.get(name)
        if attribute is not None:
            if attribute.settable and value is not None and not (attribute.sensitive or hidden(sensitive, name)):
                found[name] = canonical(attribute.type, value)
        elif name in block.blocks and value is not None and not hidden(sensitive, name):
            found[name] = _nested(block.blocks[name], value)
    return found


def hidden(sensitive: Any, name: str) -> bool:
    """Whether the attribute is secret, or holds something secret."""
    marked = sensitive.get(name, False) if isinstance(sensitive, Mapping) else bool(sensitive)
    return _any(marked)


def _any(marked: Any) -> bool:
    if isinstance(marked, Mapping):
        return any(map(_any, marked.values()))
    if isinstance(marked, list):
        return any(map(_any, marked))
    return bool(marked)


def _nested(nested: Nested, value: Any) -> Any:
    """Blocks without what the provider may fill in by itself and without empty values: whether somebody wrote an empty
    value or none cannot be told afterwards."""
    if nested.mode == "map" and isinstance(value, Mapping):
        return {key: _bare(nested.block, inner) for key, inner in value.items()}
    several = list(value) if isinstance(value, list | tuple) else [value]
    bare = [_bare(nested.block, one) for one in several]
    if nested.mode == "set":
        return as_set(lambda v: v)(bare)
    return bare[0] if nested.mode in ("single", "group") and bare else bare


def _bare(block: Block, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    given = {k: v for k, v in value.items() if k not in block.attributes or not block.attributes[k].computed}
    return {k: v for k, v in compared(block, given).items() if v not in _NOTHING}


def set_paths(block: Block) -> tuple[str, ...]:
    """The top-level properties whose order means nothing."""
    sets = [n for n, a in block.attributes.items() if isinstance(a.type, list) and a.type[0] == "set"]
    return tuple(sorted(sets + [n for n, b in block.blocks.items() if b.mode == "set"]))


def attributes(values: Mapping[str, Any], sensitive: Any) -> dict[str, str]:
    """What references resolve to: every known value that is not secret, as text, nested ones by dotted path."""
    found: dict[str, str] = {}
    for path, value in _leaves(values, sensitive, ""):
        if len(found) == _ATTRIBUTES:
            break
        found[path] = _text(value)
    return found


def _leaves(value: Any, sensitive: Any, path: str) -> Iterator[tuple[str, Any]]:
    if sensitive is True or value is None:
        return
    if isinstance(value, Mapping | list):
        several = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, inner in several:
            yield from _leaves(inner, _part(sensitive, key), f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _part(sensitive: Any, key: Any) -> Any:
    if isinstance(sensitive, Mapping):
        return sensitive.get(key, False)
    if isinstance(sensitive, list):
        return sensitive[key] if isinstance(key, int) and key < len(sensitive) else False
    return sensitive
