"""Database: AWS::RDS::DBInstance."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.kinds.base import Kind, arn, as_list, awaited, own_tags, put, tag_changes
from deployforge_mcal.adapters.aws.kinds.sizes import native_class, portable_size
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.types.database import DATABASE
from deployforge_mcal.domain.units import Scope

_PREFIX: Final = "db."
_GIBIBYTE: Final = 2**30
_DAY: Final = 86_400
#: native property → parameter of ModifyDBInstance and CreateDBInstance, where it has another name
_PARAMETERS: Final = {
    "VPCSecurityGroups": "VpcSecurityGroupIds", "Port": "DBPortNumber", "DBSubnetGroupName": "DBSubnetGroupName",
}  # fmt: skip
_CHANGED: Final = (
    "EngineVersion", "DBInstanceClass", "AllocatedStorage", "MasterUserPassword", "MultiAZ", "PubliclyAccessible",
    "BackupRetentionPeriod", "DeletionProtection", "Port", "VPCSecurityGroups",
)  # fmt: skip
_CREATED: Final = (*_CHANGED, "Engine", "MasterUsername", "DBName", "StorageEncrypted", "DBSubnetGroupName")
_NUMBERS: Final = frozenset({"AllocatedStorage", "Port"})


class DatabaseKind(Kind):
    """A relational database server."""

    model = DATABASE
    native_type = "AWS::RDS::DBInstance"
    name_property = "DBInstanceIdentifier"
    natives: ClassVar[Mapping[str, str]] = {
        "name": "DBInstanceIdentifier", "engine": "Engine", "version": "EngineVersion", "size": "DBInstanceClass",
        "storage": "AllocatedStorage", "username": "MasterUsername", "password": "MasterUserPassword",
        "databaseName": "DBName", "multiZone": "MultiAZ", "public": "PubliclyAccessible", "encrypted": "StorageEncrypted",
        "backupRetention": "BackupRetentionPeriod", "deletionProtection": "DeletionProtection", "port": "Port",
        "subnetGroup": "DBSubnetGroupName", "securityGroups": "VPCSecurityGroups", "tags": "Tags",
    }  # fmt: skip
    respelt = frozenset({"version", "size", "storage", "backupRetention", "port", "securityGroups"})
    #: Only members of clusters are replaced for these.
    changeable = frozenset({"BackupRetentionPeriod", "MultiAZ"})
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "arn": {"Fn::GetAtt": ["", "DBInstanceArn"]},
        "host": {"Fn::GetAtt": ["", "Endpoint.Address"]},
        "port": {"Fn::GetAtt": ["", "Endpoint.Port"]},
    }

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        native = super().to_native(values)
        put(values, "version", native, "EngineVersion")
        put(values, "size", native, "DBInstanceClass", lambda size: native_class(size, _PREFIX))
        put(values, "storage", native, "AllocatedStorage", lambda size: str(size // _GIBIBYTE))
        put(values, "backupRetention", native, "BackupRetentionPeriod", lambda seconds: seconds // _DAY)
        put(values, "port", native, "Port", str)
        put(values, "securityGroups", native, "VPCSecurityGroups", list)
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        put(native, "EngineVersion", values, "version", lambda said: _major(str(native.get("Engine", "")), said))
        put(native, "DBInstanceClass", values, "size", lambda name: portable_size(name, _PREFIX))
        put(native, "AllocatedStorage", values, "storage", lambda size: int(size) * _GIBIBYTE)
        put(native, "BackupRetentionPeriod", values, "backupRetention", lambda days: int(days) * _DAY)
        put(native, "Port", values, "port", int)
        values["securityGroups"] = sorted(native.get("VPCSecurityGroups", ()))
        return values

    def read_one(self, session: AwsSession, id: str) -> dict[str, Any] | None:
        """See Kind. One that is being deleted is gone."""
        [got] = session.call("rds", "describe_db_instances", DBInstanceIdentifier=id)["DBInstances"]
        if got["DBInstanceStatus"] == "deleting":
            return None
        native: dict[str, Any] = {"Tags": own_tags(got.get("TagList", [])), "DBInstanceArn": got["DBInstanceArn"]}
        for name in set(self.natives.values()) - {"MasterUserPassword", "Port", "VPCSecurityGroups", "Tags"}:
            put(got, name, native, name)
        native["VPCSecurityGroups"] = sorted(g["VpcSecurityGroupId"] for g in got.get("VpcSecurityGroups", ()))
        put(got.get("DBSubnetGroup", {}), "DBSubnetGroupName", native, "DBSubnetGroupName")
        if endpoint := got.get("Endpoint"):
            native["Port"] = str(endpoint["Port"])
            native["Endpoint"] = {"Address": endpoint["Address"], "Port": str(endpoint["Port"])}
        return native

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind. Changes are asked for at once, not in the next maintenance window."""
        if changed := _parameters(native, _CHANGED):
            session.call("rds", "modify_db_instance", DBInstanceIdentifier=id, ApplyImmediately=True, **changed)
            # It goes on being "available" for a while before it turns to "modifying".
            awaited(lambda: self._has(session, id, {n: native[n] for n in _CHANGED if n in native}))
        if tags := tag_changes(native.get("Tags", {}), live.get("Tags", {})):
            session.call("rds", "add_tags_to_resource", ResourceName=live["DBInstanceArn"], Tags=as_list(tags))

    def _has(self, session: AwsSession, id: str, wanted: Mapping[str, Any]) -> bool:
        """Whether a server is at rest and has what was asked for, as far as it tells."""
        [got] = session.call("rds", "describe_db_instances", DBInstanceIdentifier=id)["DBInstances"]
        live = self.read_one(session, id) or {}
        asked = {**live, **wanted, "Engine": live.get("Engine", "")}
        return got["DBInstanceStatus"] == "available" and self.from_native(asked) == self.from_native(live)

    def create(self, session: AwsSession, name: str, native: Mapping[str, Any]) -> str:
        """See Kind."""
        given = _parameters(native, _CREATED)
        if "DBPortNumber" in given:
            given["Port"] = given.pop("DBPortNumber")
        tags = as_list(native.get("Tags", {}))
        session.call("rds", "create_db_instance", DBInstanceIdentifier=name, Tags=tags, **given)
        _wait(session, name)
        return name

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "arn": arn("rds", scope, f"db:{id}")}

    def live_attributes(self, native: Mapping[str, Any]) -> dict[str, str]:
        """See Kind."""
        endpoint = native.get("Endpoint")
        return {"host": endpoint["Address"], "port": endpoint["Port"]} if endpoint else {}


def _major(engine: str, version: str) -> str:
    """`16.3` of PostgreSQL is `16`, `8.0.35` of MySQL is `8.0`."""
    return ".".join(version.split(".")[: 1 if engine.startswith("postgres") else 2])


def _parameters(native: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {
        _PARAMETERS.get(name, name): int(native[name]) if name in _NUMBERS else native[name]
        for name in names
        if name in native
    }


def _wait(session: AwsSession, id: str) -> None:
    waiter = session.client("rds").get_waiter("db_instance_available")
    waiter.wait(DBInstanceIdentifier=id, WaiterConfig={"Delay": 5, "MaxAttempts": 150})
