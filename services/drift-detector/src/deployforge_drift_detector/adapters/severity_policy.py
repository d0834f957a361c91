"""The operator's severity policy: a file of rules, read at the start, which a mistake in it ends, with its place."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from deployforge_documents.problems import InvalidDocument, Problem, in_order, nearest, one_of, quoted
from deployforge_documents.reading import Node, read

from deployforge_drift_detector.domain.levels import Severity
from deployforge_drift_detector.domain.rules import PolicyRule

_LEVELS: Final = {level.lower(): level for level in map(str, Severity)}
_TEXTS: Final = ("name", "path", "level", "namespace", "deployment", "type", "resource")
_FIELDS: Final = (*_TEXTS, "floor")
_REQUIRED: Final = ("name", "path", "level")


class BadSeverityPolicy(ValueError):
    """The file cannot be used; the text says every reason, where it stands and what was expected."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        said = [f"{one}" + (f"; expected {one.expected}" if one.expected else "") for one in problems]
        super().__init__("\n".join(["the severity policy cannot be used:", *said]))
        self.problems = tuple(problems)


class SeverityPolicy:
    """Rules, and which of them concern a resource."""

    def __init__(self, rules: tuple[PolicyRule, ...] = ()) -> None:
        self._rules = rules
        self._shared: dict[tuple[PolicyRule, ...], tuple[PolicyRule, ...]] = {}

    def concerning(self, namespace: str, deployment: str, type: str, resource: str) -> tuple[PolicyRule, ...]:
        """In the order of the file. A million resources share the few selections that there are."""
        found = tuple(rule for rule in self._rules if rule.concerns(namespace, deployment, type, resource))
        return self._shared.setdefault(found, found)


NO_POLICY: Final = SeverityPolicy()


def load(path: Path | None) -> SeverityPolicy:
    """The policy in a file of YAML or JSON; none without one. Raises BadSeverityPolicy."""
    if path is None:
        return NO_POLICY
    file = str(path)
    try:
        root = read(path.read_bytes(), file=file)
    except OSError as error:
        raise BadSeverityPolicy([Problem(f"cannot be read: {error.strerror}", file=file)]) from None
    except InvalidDocument as wrong:
        raise BadSeverityPolicy(in_order(wrong.problems, file)) from None
    if problems := list(_problems(root)):
        raise BadSeverityPolicy(in_order(problems, file))
    return SeverityPolicy(tuple(_rule(node.value) for node in root.value["rules"].value))


def _problems(root: Node) -> Iterator[Problem]:
    rules = root.value.get("rules") if isinstance(root.value, dict) else None
    if rules is None or not isinstance(rules.value, list):
        yield Problem("no list of rules", root.line, root.column, "", "rules: [{name, path, level, …}]")
        return
    for name in root.value.keys() - {"rules"}:
        yield _unknown(root, name, "", ("rules",))
    names: dict[str, int] = {}
    for index, node in enumerate(rules.value):
        yield from _rule_problems(node, f"rules[{index}]")
        name = node.value.get("name") if isinstance(node.value, dict) else None
        if name is not None and isinstance(name.value, str) and names.setdefault(name.value, name.line) != name.line:
            said = f"{quoted(name.value)} is the name of another rule, on line {names[name.value]}"
            yield Problem(said, name.line, name.column, f"rules[{index}].name", "a name of its own: records tell it")


def _rule_problems(node: Node, path: str) -> Iterator[Problem]:
    if not isinstance(node.value, dict):
        yield Problem("is no mapping", node.line, node.column, path, one_of(_FIELDS))
        return
    for name in _REQUIRED:
        if name not in node.value:
            yield Problem(f"missing field {quoted(name)}", node.line, node.column, path, one_of(_FIELDS))
    for name, child in node.value.items():
        where, value = f"{path}.{name}", child.value
        if name not in _FIELDS:
            yield _unknown(node, name, path, _FIELDS)
        elif name == "floor":
            if not isinstance(value, bool):
                yield Problem("is neither true nor false", child.line, child.column, where, "true or false")
        elif not isinstance(value, str) or not value:
            yield Problem("is no text", child.line, child.column, where, "text; in quotes where it begins with *")
        elif name == "level" and value not in _LEVELS:
            hint = nearest(value, _LEVELS)
            yield Problem(f"unknown level {quoted(value)}", child.line, child.column, where, one_of(_LEVELS), hint)


def _unknown(node: Node, name: str, path: str, fields: tuple[str, ...]) -> Problem:
    line, column = node.keys[name]
    return Problem(f"unknown field {quoted(name)}", line, column, path, one_of(fields), nearest(name, fields))


def _rule(fields: Mapping[str, Node]) -> PolicyRule:
    given: dict[str, Any] = {name: child.value for name, child in fields.items()}
    return PolicyRule(**{**given, "level": Severity(_LEVELS[given["level"]])})
