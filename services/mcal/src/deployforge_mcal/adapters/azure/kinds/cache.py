"""Cache: Microsoft.Cache/redis. How many copies there are decides the tier: none is Basic, one is Standard, and what is
sized in Premium's words (P1 …) has as many as are declared."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.azure.kinds.base import DESCRIPTION_TAG, TAG_LIMIT, Kind
from deployforge_mcal.adapters.azure.placing import names_of
from deployforge_mcal.adapters.bodies import Body, Field, Native, get, put
from deployforge_mcal.domain.references import has_references
from deployforge_mcal.domain.types.cache import CACHE

_SIZES: Final = {"small": "C1", "medium": "C2", "large": "C3"}
_PORTABLE: Final = {name: size for size, name in _SIZES.items()}
_SIZE: Final = re.compile(r"C[0-6]|P[1-5]")
#: Source: Microsoft Learn, "What is Azure Cache for Redis?", versions and replicas.
_VERSIONS: Final = ("4", "6")
_PREMIUM_REPLICAS: Final = range(1, 4)
_SKU: Final = "properties.sku"
_COPIES: Final = "properties.replicasPerPrimary"


class CacheKind(Kind):
    """A cache in memory."""

    model = CACHE
    native_type = "Microsoft.Cache/redis"
    attributes = ("id", "address", "host", "port")
    fields: ClassVar[Mapping[str, Field]] = {
        "version": Field("properties.redisVersion", back=lambda v: str(v).partition(".")[0]),
        "encryptedInTransit": Field("properties.enableNonSslPort", lambda v: not v, lambda v: not v),
        "tags": Field("tags"),
    }
    respelt: ClassVar[Mapping[str, str]] = {
        "name": "name", "description": f"tags.{DESCRIPTION_TAG}", "size": _SKU,
        "replicas": f"{_SKU}.name, {_COPIES}",
    }  # fmt: skip
    constants: ClassVar[Mapping[str, Body]] = {"": {"properties": {"minimumTlsVersion": "1.2"}}}

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        size, replicas, version = values["size"], values["replicas"], values.get("version", "6")
        if not has_references(size) and _SIZE.fullmatch(_SIZES.get(size, size)) is None:
            yield "size", f"{size} is no size of a cache", "small, medium, large, C0 to C6, P1 to P5"
        allowed = _PREMIUM_REPLICAS if size.startswith("P") else range(2)
        if isinstance(replicas, int) and replicas not in allowed:
            yield "replicas", f"a cache of size {size} cannot have {replicas}", " or ".join(map(str, allowed))
        if not has_references(version) and version not in _VERSIONS:
            yield "version", f"there is no version {version}", " or ".join(_VERSIONS)
        if len(values["description"]) > TAG_LIMIT:
            yield "description", "it is too long to be noted", f"{TAG_LIMIT} characters at most"

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        if values.get("description") is not None:
            native[""].setdefault("tags", {})[DESCRIPTION_TAG] = values["description"]
        if values.get("size") is not None:
            size, replicas = _SIZES.get(values["size"], values["size"]), values.get("replicas", 0)
            tier = "Premium" if size.startswith("P") else "Standard" if replicas else "Basic"
            put(native[""], _SKU, {"name": tier, "family": size[:1], "capacity": int(size[1:])})
            if tier == "Premium":
                put(native[""], _COPIES, replicas)
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        sku, body = get(native[""], _SKU) or {}, native[""]
        size = f"{sku.get('family', '')}{sku.get('capacity', '')}"
        values["size"] = _PORTABLE.get(size, size)
        copies: dict[Any, Any] = {"Basic": 0, "Standard": 1}
        values["replicas"] = copies.get(sku.get("name"), get(body, _COPIES) or 1)
        values["description"] = (body.get("tags") or {}).get(DESCRIPTION_TAG, "")
        return values

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind. The port that speaks TLS is always open."""
        return {"id": id, "address": id, "host": f"{names_of(id)[-1]}.redis.cache.windows.net", "port": "6380"}
