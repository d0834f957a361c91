"""Native types of Deployment Manager: `gcp/pubsub.v1.topic`, declared with the properties that it has, which are those of
REST."""

from collections.abc import Mapping
from typing import Any

from deployforge_mcal.adapters.bodies import Native
from deployforge_mcal.adapters.gcp.kinds.base import named, own_labels
from deployforge_mcal.adapters.gcp.kinds.native import NativeKind
from deployforge_mcal.adapters.gcp.natives import GOOGLE
from deployforge_mcal.domain import references


class LegacyKind(NativeKind):
    """One type of Deployment Manager's, in its own words."""

    def __init__(self, google: str, naming: str) -> None:
        super().__init__(google)
        self._naming = naming

    def renamed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Properties with the name where it is in a path."""
        return {"name" if word == self._naming else word: value for word, value in values.items()}

    def problems(self, values: Mapping[str, Any]) -> Any:
        """See Kind."""
        return super().problems(self.renamed(values))

    def id(self, place: Any, seed: Any, values: Mapping[str, Any]) -> str:
        """See Kind."""
        return super().id(place, seed, self.renamed(values))

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        return super().to_native(self.renamed(values))

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind: what REST shows."""
        found: dict[str, Any] = references.mapped(dict(native[""]), named)
        return {**found, **({"labels": own_labels(found.get("labels"))} if GOOGLE[self.google].labels else {})}

    def live_attributes(self, native: Native) -> dict[str, str]:
        """See Kind: every text that REST shows."""
        return {name: value for name, value in native[""].items() if isinstance(value, str) and name != "name"}
