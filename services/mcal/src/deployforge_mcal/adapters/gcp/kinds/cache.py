"""Cache: Memorystore for Redis. No copy is the tier BASIC, one is STANDARD_HA, more are replicas that can be read from."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.bodies import Field, Native
from deployforge_mcal.adapters.gcp.kinds.base import Kind
from deployforge_mcal.domain.references import has_references
from deployforge_mcal.domain.types.cache import CACHE

#: GB of memory
_SIZES: Final = {"small": 1, "medium": 4, "large": 16}
_PORTABLE: Final = {size: name for name, size in _SIZES.items()}
#: Source: Memorystore for Redis, "Supported versions", "Read replicas overview".
_VERSIONS: Final = {"5.0": "REDIS_5_0", "6": "REDIS_6_X", "7.0": "REDIS_7_0", "7.2": "REDIS_7_2"}
_RELEASES: Final = {there: version for version, there in _VERSIONS.items()}
_MOST_REPLICAS: Final = 5
_LEAST_FOR_READING: Final = 5


class CacheKind(Kind):
    """A cache in memory."""

    model = CACHE
    google = "google_redis_instance"
    attributes = ("id", "address", "host", "port")
    longest = 40
    listed = True
    fields: ClassVar[Mapping[str, Field]] = {
        "description": Field("displayName"),
        "version": Field("redisVersion", lambda v: _VERSIONS.get(v, v), lambda v: _RELEASES.get(v, v)),
        "encryptedInTransit": Field(
            "transitEncryptionMode", lambda v: "SERVER_AUTHENTICATION" if v else "DISABLED", lambda v: v != "DISABLED"
        ),
        "tags": Field("labels"),
    }
    respelt: ClassVar[Mapping[str, str]] = {"name": "name", "size": "memorySizeGb", "replicas": "tier, replicaCount"}
    unchangeable: ClassVar[frozenset[str]] = frozenset({"encryptedInTransit"})
    later: ClassVar[Mapping[str, str]] = {"host": "host", "port": "port"}

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        yield from super().problems(values)
        size, replicas = _gigabytes(values["size"]), values.get("replicas", 0)
        if has_references(size):
            return
        if not isinstance(size, int):
            yield "size", f"{values['size']} is no size of a cache", "small, medium, large, or a number of GB"
        elif isinstance(replicas, int) and replicas > 1 and size < _LEAST_FOR_READING:
            yield "replicas", f"a cache of {size} GB cannot have {replicas}", f"a size of {_LEAST_FOR_READING} GB, or 1"
        if isinstance(replicas, int) and not 0 <= replicas <= _MOST_REPLICAS:
            yield "replicas", f"Memorystore cannot have {replicas}", f"0 to {_MOST_REPLICAS}"
        if values.get("version") not in (None, *_VERSIONS) and not has_references(values["version"]):
            yield "version", f"there is no version {values['version']}", ", ".join(_VERSIONS)

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        if values.get("size") is not None:
            native[""]["memorySizeGb"] = _gigabytes(values["size"])
        if (replicas := values.get("replicas")) is not None:
            native[""]["tier"] = "STANDARD_HA" if replicas else "BASIC"
            if replicas > 1:
                native[""] |= {"replicaCount": replicas, "readReplicasMode": "READ_REPLICAS_ENABLED"}
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        body, values = native[""], super().from_native(native)
        size = body.get("memorySizeGb")
        values["size"] = _PORTABLE.get(size, str(size)) if isinstance(size, int) else size
        values["replicas"] = 0 if body.get("tier") == "BASIC" else int(body.get("replicaCount") or 1)
        return values

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        return {name: value for name, value in super().attribute_values(id).items() if name != "name"}

    def live_attributes(self, native: Native) -> dict[str, str]:
        """See Kind."""
        return {name: str(native[""][name]) for name in ("host", "port") if name in native[""]}


def _gigabytes(size: Any) -> Any:
    said = _SIZES.get(size, size)
    return int(said) if isinstance(said, str) and said.isdigit() else said
