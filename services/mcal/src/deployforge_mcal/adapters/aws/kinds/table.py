"""Table: AWS::DynamoDB::Table."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.kinds.base import Kind, arn, as_list, own_tags, put, tag_changes
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.types.table import TABLE
from deployforge_mcal.domain.units import Scope

_BILLING: Final = {"on-demand": "PAY_PER_REQUEST", "provisioned": "PROVISIONED"}
_INDEXES: Final = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
_BILLED: Final = {native: word for word, native in _BILLING.items()}


class TableKind(Kind):
    """A table of items by key."""

    model = TABLE
    native_type = "AWS::DynamoDB::Table"
    listing = ("dynamodb", "list_tables", "TableNames", "")
    name_property = "TableName"
    native_set_paths = ("AttributeDefinitions", *_INDEXES)
    natives: ClassVar[Mapping[str, str]] = {
        "name": "TableName", "hashKey": "KeySchema", "rangeKey": "KeySchema", "billing": "BillingMode",
        "readCapacity": "ProvisionedThroughput", "writeCapacity": "ProvisionedThroughput",
        "ttlAttribute": "TimeToLiveSpecification", "pointInTimeRecovery": "PointInTimeRecoverySpecification",
        "deletionProtection": "DeletionProtectionEnabled", "tags": "Tags",
    }  # fmt: skip
    respelt = frozenset(
        {"hashKey", "rangeKey", "billing", "readCapacity", "writeCapacity", "ttlAttribute", "pointInTimeRecovery"}
    )
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "name": {"Ref": ""},
        "arn": {"Fn::GetAtt": ["", "Arn"]},
    }

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        native = super().to_native(values)
        keys = [(values[k], role) for k, role in (("hashKey", "HASH"), ("rangeKey", "RANGE")) if k in values]
        if keys:
            native["KeySchema"] = [{"AttributeName": k["name"], "KeyType": role} for k, role in keys]
            native["AttributeDefinitions"] = [
                {"AttributeName": k["name"], "AttributeType": k["type"]}
                for k in sorted((k for k, _ in keys), key=lambda k: str(k["name"]))
            ]
        put(values, "billing", native, "BillingMode", lambda word: _BILLING.get(word, word))
        if values.get("billing") == "provisioned":
            native["ProvisionedThroughput"] = {
                "ReadCapacityUnits": values.get("readCapacity", 1),
                "WriteCapacityUnits": values.get("writeCapacity", 1),
            }
        if "ttlAttribute" in values:
            native["TimeToLiveSpecification"] = {"AttributeName": values["ttlAttribute"], "Enabled": True}
        if "pointInTimeRecovery" in values:
            native["PointInTimeRecoverySpecification"] = {"PointInTimeRecoveryEnabled": values["pointInTimeRecovery"]}
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        values["billing"] = _BILLED[native["BillingMode"]]
        kinds = {a["AttributeName"]: a["AttributeType"] for a in native["AttributeDefinitions"]}
        for part in native["KeySchema"]:
            name = "hashKey" if part["KeyType"] == "HASH" else "rangeKey"
            values[name] = {"name": part["AttributeName"], "type": kinds.get(part["AttributeName"], "")}
        if values["billing"] == "provisioned":
            values["readCapacity"] = native["ProvisionedThroughput"]["ReadCapacityUnits"]
            values["writeCapacity"] = native["ProvisionedThroughput"]["WriteCapacityUnits"]
        if native["TimeToLiveSpecification"]["Enabled"]:
            values["ttlAttribute"] = native["TimeToLiveSpecification"]["AttributeName"]
        recovery = native["PointInTimeRecoverySpecification"]
        values["pointInTimeRecovery"] = recovery["PointInTimeRecoveryEnabled"]
        return values

    def read_one(self, session: AwsSession, id: str) -> dict[str, Any] | None:
        """See Kind."""
        table = session.call("dynamodb", "describe_table", TableName=id)["Table"]
        if table["TableStatus"] == "DELETING":
            return None
        ttl = session.call("dynamodb", "describe_time_to_live", TableName=id)["TimeToLiveDescription"]
        backups = session.call("dynamodb", "describe_continuous_backups", TableName=id)["ContinuousBackupsDescription"]
        tags = session.call("dynamodb", "list_tags_of_resource", ResourceArn=table["TableArn"]).get("Tags", [])
        recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
        through = table.get("ProvisionedThroughput", {})
        return {
            "TableName": id,
            "Arn": table["TableArn"],
            "KeySchema": table["KeySchema"],
            "AttributeDefinitions": sorted(table["AttributeDefinitions"], key=lambda a: str(a["AttributeName"])),
            "BillingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            "ProvisionedThroughput": {
                name: int(through.get(name, 0)) for name in ("ReadCapacityUnits", "WriteCapacityUnits")
            },
            "DeletionProtectionEnabled": bool(table.get("DeletionProtectionEnabled", False)),
            "TimeToLiveSpecification": {
                "AttributeName": ttl.get("AttributeName", ""),
                "Enabled": ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"),
            },
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": recovery == "ENABLED"},
            "Tags": own_tags(tags),
            **{name: [index(one) for one in table[name]] for name in _INDEXES if table.get(name)},
        }

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind. Each change waits until the table is ready for the next one."""
        table = {k: native[k] for k in ("BillingMode", "ProvisionedThroughput", "DeletionProtectionEnabled") if k in native}
        if table.get("BillingMode") == "PAY_PER_REQUEST":
            table.pop("ProvisionedThroughput", None)
        if table:
            session.call("dynamodb", "update_table", TableName=id, **table)
            _wait(session, id)
        if "TimeToLiveSpecification" in native:
            _expire(session, id, native["TimeToLiveSpecification"], live.get("TimeToLiveSpecification", {}))
        if "PointInTimeRecoverySpecification" in native:
            session.call(
                "dynamodb", "update_continuous_backups", TableName=id,
                PointInTimeRecoverySpecification=dict(native["PointInTimeRecoverySpecification"]),
            )  # fmt: skip
        if tags := tag_changes(native.get("Tags", {}), live.get("Tags", {})):
            described = session.call("dynamodb", "describe_table", TableName=id)["Table"]
            session.call("dynamodb", "tag_resource", ResourceArn=described["TableArn"], Tags=as_list(tags))

    def create(self, session: AwsSession, name: str, native: Mapping[str, Any]) -> str:
        """See Kind."""
        wanted = ("KeySchema", "AttributeDefinitions", "BillingMode", "ProvisionedThroughput", "DeletionProtectionEnabled")
        made = {k: native[k] for k in (*wanted, *_INDEXES) if k in native}
        session.call("dynamodb", "create_table", TableName=name, Tags=as_list(native.get("Tags", {})), **made)
        _wait(session, name)
        later = ("TimeToLiveSpecification", "PointInTimeRecoverySpecification")
        self.write(session, name, {k: native[k] for k in later if k in native}, {})
        return name

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "name": id, "arn": arn("dynamodb", scope, f"table/{id}")}


def index(told: Mapping[str, Any]) -> dict[str, Any]:
    """What is declared of an index, of what DynamoDB tells; one that is paid by request has no throughput."""
    found = {name: told[name] for name in ("IndexName", "KeySchema", "Projection") if name in told}
    through = told.get("ProvisionedThroughput", {})
    units = {name: int(through.get(name, 0)) for name in ("ReadCapacityUnits", "WriteCapacityUnits")}
    return {**found, "ProvisionedThroughput": units} if any(units.values()) else found


def _wait(session: AwsSession, id: str) -> None:
    session.client("dynamodb").get_waiter("table_exists").wait(TableName=id, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def _expire(session: AwsSession, id: str, wanted: Mapping[str, Any], live: Mapping[str, Any]) -> None:
    # DynamoDB changes the attribute only by way of switching the old one off.
    if live.get("Enabled") and live.get("AttributeName") != wanted["AttributeName"]:
        off = {"AttributeName": live["AttributeName"], "Enabled": False}
        session.call("dynamodb", "update_time_to_live", TableName=id, TimeToLiveSpecification=off)
    session.call("dynamodb", "update_time_to_live", TableName=id, TimeToLiveSpecification=dict(wanted))
