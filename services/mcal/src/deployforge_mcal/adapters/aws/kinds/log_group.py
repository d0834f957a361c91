"""LogGroup: AWS::Logs::LogGroup."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.kinds.base import Kind, arn, own_tags, put, tag_changes
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.types.log_group import LOG_GROUP
from deployforge_mcal.domain.units import Scope

_DAY: Final = 86_400


class LogGroupKind(Kind):
    """Where logs are kept."""

    model = LOG_GROUP
    native_type = "AWS::Logs::LogGroup"
    name_property = "LogGroupName"
    natives: ClassVar[Mapping[str, str]] = {
        "name": "LogGroupName", "retention": "RetentionInDays", "encryptionKey": "KmsKeyId", "tags": "Tags",
    }  # fmt: skip
    respelt = frozenset({"retention"})
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "name": {"Ref": ""},
        "arn": {"Fn::GetAtt": ["", "Arn"]},
    }

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        native = super().to_native(values)
        put(values, "retention", native, "RetentionInDays", lambda seconds: seconds // _DAY)
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        put(native, "RetentionInDays", values, "retention", lambda days: int(days) * _DAY)
        return values

    def read_one(self, session: AwsSession, id: str) -> dict[str, Any] | None:
        """See Kind. AWS lists groups by the beginning of their names."""
        found = session.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=id)
        group = next((g for g in found if g["logGroupName"] == id), None)
        if group is None:
            return None
        native: dict[str, Any] = {"LogGroupName": id, "Arn": group["arn"]}
        put(group, "retentionInDays", native, "RetentionInDays")
        put(group, "kmsKeyId", native, "KmsKeyId")
        tags = session.call("logs", "list_tags_for_resource", resourceArn=_bare(group["arn"])).get("tags", {})
        native["Tags"] = own_tags(tags)
        return native

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind."""
        if "RetentionInDays" in native:
            days = int(native["RetentionInDays"])
            session.call("logs", "put_retention_policy", logGroupName=id, retentionInDays=days)
        if "KmsKeyId" in native:
            session.call("logs", "associate_kms_key", logGroupName=id, kmsKeyId=native["KmsKeyId"])
        if tags := tag_changes(native.get("Tags", {}), live.get("Tags", {})):
            session.call("logs", "tag_resource", resourceArn=_bare(live["Arn"]), tags=tags)

    def create(self, session: AwsSession, name: str, native: Mapping[str, Any]) -> str:
        """See Kind."""
        key = {"kmsKeyId": native["KmsKeyId"]} if "KmsKeyId" in native else {}
        session.call("logs", "create_log_group", logGroupName=name, tags=dict(native.get("Tags", {})), **key)
        later = {k: native[k] for k in ("RetentionInDays",) if k in native}
        self.write(session, name, later, {})
        return name

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "name": id, "arn": arn("logs", scope, f"log-group:{id}:*")}


def _bare(group_arn: str) -> str:
    """Tags belong to the group's ARN without the streams behind it."""
    return group_arn.removesuffix(":*")
