"""Plans and states as `show -json` prints them, read once into values.

Source of the format: OpenTofu documentation, "JSON Output Format".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from deployforge_terraform.errors import failed

#: actions of the program → the actions of a preview
_ACTIONS: Final[Mapping[tuple[str, ...], str]] = {
    ("no-op",): "", ("read",): "", ("create",): "add", ("update",): "modify", ("delete",): "remove", ("forget",): "remove",
    ("delete", "create"): "replace", ("create", "delete"): "replace", ("forget", "create"): "replace",
}  # fmt: skip


@dataclass(frozen=True)
class Held:
    """A resource instance in a state."""

    address: str
    type: str
    values: Mapping[str, Any]
    sensitive: Any
    """True where a value is secret, in the shape of the values."""

    @property
    def id(self) -> str:
        """What its provider knows it by; empty where it has no such attribute."""
        found = self.values.get("id")
        return str(found) if isinstance(found, str | int) else ""


@dataclass(frozen=True)
class State:
    """What the program remembers."""

    resources: Mapping[str, Held] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """Those that are not secret."""

    @classmethod
    def parse(cls, shown: Mapping[str, Any]) -> "State":
        """From `show -json` of a state, or `prior_state` of a plan. Raises ProviderFailure."""
        try:
            values = shown.get("values") or {}
            shown_outputs = {name: o.get("value") for name, o in (values.get("outputs") or {}).items()}
            told = {n: v["value"] for n, v in shown_outputs.items() if isinstance(v, Mapping) and v["secret"] is False}
            return cls({held.address: held for held in _held(values.get("root_module") or {})}, told)
        except (AttributeError, KeyError, TypeError) as error:
            raise failed("CLI_UNUSABLE", "what it shows of the state has not the form that is documented") from error

    def within(self, address: str) -> list[Held]:
        """The instances of a resource or module."""
        return [
            h for a, h in sorted(self.resources.items()) if a == address or a.startswith((f"{address}.", f"{address}["))
        ]


def _held(module: Mapping[str, Any]) -> Iterator[Held]:
    for r in module.get("resources", ()):
        if r.get("mode") == "managed" and "deposed_key" not in r:
            yield Held(r["address"], r["type"], r.get("values") or {}, r.get("sensitive_values") or {})
    for child in module.get("child_modules", ()):
        yield from _held(child)


@dataclass(frozen=True)
class Planned:
    """What a plan would do to a resource instance."""

    address: str
    type: str
    actions: tuple[str, ...]
    before: Any
    after: Any
    after_unknown: Any
    before_sensitive: Any
    after_sensitive: Any
    importing: bool

    @property
    def action(self) -> str:
        """add, modify, replace, remove, import, or empty for nothing."""
        known = _ACTIONS.get(self.actions, "modify")
        return "import" if self.importing and known in ("", "modify") else known


@dataclass(frozen=True)
class Plan:
    """What applying would do."""

    changes: tuple[Planned, ...]
    drift: tuple[Planned, ...]
    """What was changed outside since the state was stored."""
    state: State
    """The state as it is in the cloud now."""
    outputs_change: bool

    @classmethod
    def parse(cls, shown: Mapping[str, Any]) -> "Plan":
        """From `show -json PLAN`. Raises ProviderFailure."""
        try:
            changes = tuple(_planned(c) for c in shown.get("resource_changes", ()) if c.get("mode") == "managed")
            drift = tuple(_planned(c) for c in shown.get("resource_drift", ()))
            outputs = shown.get("output_changes") or {}
            moved = any(o.get("actions") != ["no-op"] for o in outputs.values())
        except (AttributeError, KeyError, TypeError) as error:
            raise failed("CLI_UNUSABLE", "what it shows of the plan has not the form that is documented") from error
        return cls(changes, drift, State.parse(shown.get("prior_state") or {}), moved)

    @property
    def effective(self) -> list[Planned]:
        """The changes that change something."""
        return [c for c in self.changes if c.action]

    @property
    def worth_applying(self) -> bool:
        """Whether anything, the remembered state included, would be another afterwards."""
        return bool(self.effective or self.drift or self.outputs_change)


def _planned(shown: Mapping[str, Any]) -> Planned:
    change = shown["change"]
    return Planned(
        shown["address"], shown["type"], tuple(change["actions"]), change.get("before"), change.get("after"),
        change.get("after_unknown") or {}, change.get("before_sensitive") or {}, change.get("after_sensitive") or {},
        bool(change.get("importing")),
    )  # fmt: skip
