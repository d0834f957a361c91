"""Secret: AWS::SecretsManager::Secret. Its value is set and never read: no credential here may open one."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.errors import code_of
from deployforge_mcal.adapters.aws.kinds.base import Kind, as_list, own_tags, put, tag_changes
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.types.secret import SECRET
from deployforge_mcal.domain.units import Scope

_WRITTEN: Final = ("Description", "KmsKeyId", "SecretString")
#: Six random characters that AWS appends to the name in the ARN, with their dash.
_SUFFIX: Final = 7


class SecretKind(Kind):
    """A secret that applications read by name."""

    model = SECRET
    native_type = "AWS::SecretsManager::Secret"
    name_property = "Name"
    extra_actions = ("secretsmanager:RestoreSecret",)
    natives: ClassVar[Mapping[str, str]] = {
        "name": "Name", "description": "Description", "value": "SecretString", "encryptionKey": "KmsKeyId",
        "tags": "Tags",
    }  # fmt: skip
    attributes: ClassVar[Mapping[str, Any]] = {"id": {"Ref": ""}, "arn": {"Ref": ""}}

    def read_one(self, session: AwsSession, id: str) -> dict[str, Any] | None:
        """See Kind. What waits for its deletion is gone: nobody can read it any more."""
        got = session.call("secretsmanager", "describe_secret", SecretId=id)
        if got.get("DeletedDate"):
            return None
        native: dict[str, Any] = {"Name": got["Name"], "Id": got["ARN"], "Tags": own_tags(got.get("Tags", []))}
        for name in ("Description", "KmsKeyId"):
            put(got, name, native, name)
        return native

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind."""
        if changed := {name: native[name] for name in _WRITTEN if name in native}:
            session.call("secretsmanager", "update_secret", SecretId=id, **changed)
        if tags := tag_changes(native.get("Tags", {}), live.get("Tags", {})):
            session.call("secretsmanager", "tag_resource", SecretId=id, Tags=as_list(tags))

    def create(self, session: AwsSession, name: str, native: Mapping[str, Any]) -> str:
        """See Kind. One that waits for its deletion is taken back, since its name is taken."""
        given = {key: native[key] for key in _WRITTEN if key in native}
        tags = as_list(native.get("Tags", {}))
        try:
            return str(session.call("secretsmanager", "create_secret", Name=name, Tags=tags, **given)["ARN"])
        except Exception as error:
            if code_of(error) != "InvalidRequestException":
                raise
        id = str(session.call("secretsmanager", "restore_secret", SecretId=name)["ARN"])
        session.call("secretsmanager", "update_secret", SecretId=id, **given)
        session.call("secretsmanager", "tag_resource", SecretId=id, Tags=tags)
        return id

    def physical_name(self, id: str) -> str:
        """The name in the ARN."""
        return id.rpartition(":")[2][:-_SUFFIX]

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "arn": id}
