"""Table: a Firestore database with one collection, `items`."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.bodies import Body, Field, Native
from deployforge_mcal.adapters.gcp.kinds.base import Kind, Source
from deployforge_mcal.adapters.gcp.natives import GOOGLE, GoogleType
from deployforge_mcal.adapters.gcp.placing import short
from deployforge_mcal.domain.types.table import TABLE

_TTL: Final = "ttl:"
_FIELDS: Final = "/collectionGroups/items/fields"
_FIELD: Final = "google_firestore_field"


def _word(prefix: str) -> Field:
    return Field(
        prefix, lambda v: f"{_KNOWN[prefix]}_{'ENABLED' if v else 'DISABLED'}", lambda v: str(v).endswith("_ENABLED")
    )


_KNOWN: Final = {"pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY", "deleteProtectionState": "DELETE_PROTECTION"}


class TableKind(Kind):
    """A table of items by key: documents of a collection, which are found by any of their fields."""

    model = TABLE
    google = "google_firestore_database"
    listed = True
    others: ClassVar[Mapping[str, str]] = {_TTL: _FIELD}
    fields: ClassVar[Mapping[str, Field]] = {
        "pointInTimeRecovery": _word("pointInTimeRecoveryEnablement"),
        "deletionProtection": _word("deleteProtectionState"),
    }
    respelt: ClassVar[Mapping[str, str]] = {"name": "name", "ttlAttribute": "field name"}
    constants: ClassVar[Mapping[str, Body]] = {"": {"locationId": "{location}", "type": "FIRESTORE_NATIVE"}}

    def placed(self, id: str, part: str) -> tuple[GoogleType, str]:
        """See Kind."""
        return (GOOGLE[_FIELD], f"{id}{_FIELDS}/{part.removeprefix(_TTL)}") if part else (self.of, id)

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        if values.get("ttlAttribute") is not None:
            native[f"{_TTL}{values['ttlAttribute']}"] = {"ttlConfig": {}}
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        found = sorted(part.removeprefix(_TTL) for part in native if part)
        return {**values, **({"ttlAttribute": ", ".join(found)} if found else {})}

    def read(self, source: Source, id: str) -> Native | None:
        """See Kind."""
        found = super().read(source, id)
        if found is None:
            return None
        for body in source.below("", id, _FIELDS, "fields", filter="ttlConfig:*"):
            found[f"{_TTL}{short(str(body['name']))}"] = body
        return found
