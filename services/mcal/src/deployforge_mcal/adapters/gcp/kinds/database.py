"""Database: a Cloud SQL instance. Its administrator is made past Terraform, by Cloud SQL's own REST: a blueprint and a
state can be read by others. Without a public address it is reached by Private Service Connect."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from deployforge_mcal.adapters.bodies import Body, Field, Native, get, put
from deployforge_mcal.adapters.gcp.errors import GoogleError, is_missing
from deployforge_mcal.adapters.gcp.kinds.base import SYSTEM_LABELS, Kind, Source
from deployforge_mcal.domain.types.database import DATABASE

if TYPE_CHECKING:
    from deployforge_mcal.adapters.gcp.session import GcpSession

_GIB: Final = 2**30
_DAY: Final = 86_400
_SIZES: Final = {"small": "db-custom-1-3840", "medium": "db-custom-2-7680", "large": "db-custom-4-15360"}
_PORTABLE: Final = {size: name for name, size in _SIZES.items()}
_ENGINES: Final = {"postgres": "POSTGRES", "mysql": "MYSQL"}
_NEWEST: Final = {"postgres": "17", "mysql": "8.0"}
_PORTS: Final = {"POSTGRES": "5432", "MYSQL": "3306"}
_USER: Final = "user"
#: Label that says who of its users is the administrator.
USER_LABEL: Final = f"{SYSTEM_LABELS[0]}user"
_VERSION: Final = "databaseVersion"
_LABELED: Final = f"settings.userLabels.{USER_LABEL}"
_BACKUP: Final = "settings.backupConfiguration"


def _gibibytes(size: Any) -> Any:
    return str(size // _GIB) if isinstance(size, int) else size


class DatabaseKind(Kind):
    """A relational database server."""

    model = DATABASE
    google = "google_sql_database_instance"
    attributes = ("id", "address", "host", "port")
    longest = 80
    listed = True
    fields: ClassVar[Mapping[str, Field]] = {
        "size": Field("settings.tier", lambda v: _SIZES.get(v, v), lambda v: _PORTABLE.get(v, v)),
        "storage": Field("settings.dataDiskSizeGb", _gibibytes, lambda v: int(v) * _GIB),
        "password": Field("password", part=_USER),
        "multiZone": Field("settings.availabilityType", lambda v: "REGIONAL" if v else "ZONAL", lambda v: v == "REGIONAL"),
        "public": Field("settings.ipConfiguration.ipv4Enabled"),
        "deletionProtection": Field("settings.deletionProtectionEnabled"),
        "tags": Field("settings.userLabels"),
    }  # fmt: skip
    respelt: ClassVar[Mapping[str, str]] = {
        "name": "name", "engine": _VERSION, "version": _VERSION, "username": "user name", "backupRetention": _BACKUP,
    }  # fmt: skip
    constants: ClassVar[Mapping[str, Body]] = {"": {"region": "{location}", "settings": {"edition": "ENTERPRISE"}}}
    direct: ClassVar[frozenset[str]] = frozenset({_USER})

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        yield from super().problems(values)
        yield from ((name.replace("tags", "username"), said, expected) for name, said, expected in super().problems(
            {"tags": {"user": values["username"]}}
        ))  # fmt: skip

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        body = native[""]
        if (engine := values.get("engine")) is not None:
            version = str(values.get("version") or _NEWEST[engine]).replace(".", "_")
            body[_VERSION] = f"{_ENGINES[engine]}_{version}"
        if (user := values.get("username")) is not None:
            put(body, _LABELED, user)
            native.setdefault(_USER, {})["name"] = user
        if (kept := values.get("backupRetention")) is not None:
            put(body, _BACKUP, {"enabled": True, "backupRetentionSettings": {"retainedBackups": kept // _DAY}})
        if values.get("public") is False:
            put(body, "settings.ipConfiguration.pscConfig", {"pscEnabled": True})
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind. An administrator that is gone, or was never made, is not there."""
        values, body = super().from_native(native), native[""]
        word, _, version = str(body.get(_VERSION, "")).partition("_")
        values |= {"engine": word.lower(), "version": version.replace("_", ".")}
        if (user := native.get(_USER, {}).get("name")) is not None:
            values["username"] = user
        if get(body, f"{_BACKUP}.enabled"):
            values["backupRetention"] = int(get(body, f"{_BACKUP}.backupRetentionSettings.retainedBackups") or 0) * _DAY
        return values

    def read(self, source: Source, id: str) -> Native | None:
        """See Kind."""
        found = super().read(source, id)
        if found is not None:
            user = get(found[""], _LABELED)
            names = {str(one.get("name")) for one in source.below("", id, "/users", "items")}
            found[_USER] = {"name": user} if user in names else {}
        return found

    def settle(self, session: "GcpSession", id: str, native: Native) -> None:
        """See Kind: the administrator with its password."""
        user, users = native[_USER], session.url(id, "/users")
        try:
            session.call("PUT", users, user, params={"name": str(user["name"])})
        except GoogleError as error:
            if not is_missing(error):
                raise
            session.call("POST", users, user)

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        return {name: value for name, value in super().attribute_values(id).items() if name != "name"}

    def live_attributes(self, native: Native) -> dict[str, str]:
        """See Kind."""
        body = native[""]
        port = _PORTS.get(str(body.get(_VERSION, "")).partition("_")[0], "")
        addresses = [
            str(one["ipAddress"]) for one in body.get("ipAddresses") or () if one.get("type", "PRIMARY") == "PRIMARY"
        ]
        host = next(iter(addresses), str(body.get("dnsName") or ""))
        return {name: value for name, value in (("host", host), ("port", port)) if value}
