"""A manifest as the control plane stores it: canonical, valid, defaults filled in. Only what planning needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deployforge_chassis import canonical

from deployforge_orchestrator.domain.references import references


@dataclass(frozen=True)
class Scope:
    """Where native deployments live."""

    provider: str
    type: str
    account: str
    location: str
    credential_ref: str


@dataclass(frozen=True)
class Spec:
    """One resource as declared."""

    name: str
    type: str
    scope: Scope
    properties: Mapping[str, Any]
    native: Mapping[str, Any]
    initial: Mapping[str, Any]
    criticality: str
    protect: bool
    retain_on_delete: bool
    import_id: str
    explicit: tuple[str, ...]

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Names of what it refers to or depends on, sorted."""
        implied = {name for name, _ in references([dict(self.properties), dict(self.native), dict(self.initial)])}
        return tuple(sorted({*self.explicit, *implied} - {self.name}))

    def to_json(self) -> str:
        """Canonical JSON from which `from_json` makes it again."""
        s = self.scope
        return canonical.dumps(
            {
                "name": self.name,
                "type": self.type,
                "scope": [s.provider, s.type, s.account, s.location, s.credential_ref],
                "properties": self.properties,
                "native": self.native,
                "initial": self.initial,
                "criticality": self.criticality,
                "protect": self.protect,
                "retain_on_delete": self.retain_on_delete,
                "import_id": self.import_id,
                "explicit": list(self.explicit),
            }
        )

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Spec":
        """From what `to_json` wrote, opened."""
        return cls(**{**data, "scope": Scope(*data["scope"]), "explicit": tuple(data["explicit"])})


@dataclass(frozen=True)
class Manifest:
    """What a deployment should be, and the policies that go with it."""

    specs: tuple[Spec, ...]
    healing: Mapping[str, Any] = field(default_factory=dict)
    drift: Mapping[str, Any] = field(default_factory=dict)
    policies: Sequence[Any] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def read(document: Mapping[str, Any]) -> Manifest:
    """The parts of a canonical manifest that planning needs."""
    scopes = {
        name: Scope(name, p["type"], str(p.get("account") or ""), str(p.get("location") or ""), p["credentialRef"])
        for name, p in document["providers"].items()
    }
    return Manifest(
        specs=tuple(_spec(resource, scopes) for resource in document["resources"]),
        healing=document.get("healing") or {},
        drift=document.get("drift") or {},
        policies=document.get("policies") or [],
        outputs=document.get("outputs") or {},
    )


def _spec(resource: Mapping[str, Any], scopes: Mapping[str, Scope]) -> Spec:
    lifecycle = resource.get("lifecycle") or {}
    # "aws/AWS::SNS::Topic" names its provider in the type.
    provider = resource.get("provider") or resource["type"].partition("/")[0]
    return Spec(
        name=resource["name"],
        type=resource["type"],
        scope=scopes[provider],
        properties=resource.get("properties") or {},
        native=resource.get("native") or {},
        initial=resource.get("initial") or {},
        criticality=resource.get("criticality") or "normal",
        protect=bool(lifecycle.get("protect")),
        retain_on_delete=bool(lifecycle.get("retainOnDelete")),
        import_id=(resource.get("import") or {}).get("id") or "",
        explicit=tuple(sorted(resource.get("dependsOn") or ())),
    )
