"""ObjectStore: AWS::S3::Bucket."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.errors import code_of
from deployforge_mcal.adapters.aws.kinds.base import Kind, arn, as_list, own_tags, tag_changes
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.types.object_store import OBJECT_STORE
from deployforge_mcal.domain.units import Scope

_BLOCKS: Final = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


class ObjectStoreKind(Kind):
    """A bucket of objects."""

    model = OBJECT_STORE
    native_type = "AWS::S3::Bucket"
    listing = ("s3", "list_buckets", "Buckets", "Name")
    name_property = "BucketName"
    natives: ClassVar[Mapping[str, str]] = {
        "name": "BucketName", "versioning": "VersioningConfiguration", "encryption": "BucketEncryption",
        "publicAccess": "PublicAccessBlockConfiguration", "tags": "Tags",
    }  # fmt: skip
    respelt = frozenset({"versioning", "encryption", "publicAccess"})
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "name": {"Ref": ""},
        "arn": {"Fn::GetAtt": ["", "Arn"]},
        "url": "https://{id}.s3.{region}.amazonaws.com",
    }

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        native = super().to_native(values)
        if "versioning" in values:
            native["VersioningConfiguration"] = {"Status": "Enabled" if values["versioning"] else "Suspended"}
        if "encryption" in values:
            native["BucketEncryption"] = {
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": {"SSEAlgorithm": values["encryption"]}}
                ]
            }
        if "publicAccess" in values:
            native["PublicAccessBlockConfiguration"] = dict.fromkeys(_BLOCKS, values["publicAccess"] == "blocked")
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        values["versioning"] = native["VersioningConfiguration"]["Status"] == "Enabled"
        for rule in native.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", ()):
            values["encryption"] = rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"]
        blocked = [native["PublicAccessBlockConfiguration"].get(name, False) for name in _BLOCKS]
        values["publicAccess"] = "blocked" if all(blocked) else "partly" if any(blocked) else "allowed"
        return values

    def list_ids(self, session: AwsSession) -> list[str]:
        """See Kind; AWS lists those of all regions unless told otherwise."""
        return [bucket["Name"] for bucket in session.pages("s3", "list_buckets", "Buckets", BucketRegion=session.region)]

    def read_one(self, session: AwsSession, id: str) -> dict[str, Any] | None:
        """See Kind."""
        versioning = session.call("s3", "get_bucket_versioning", Bucket=id)
        native: dict[str, Any] = {
            "BucketName": id,
            "VersioningConfiguration": {"Status": versioning.get("Status", "Suspended")},
            "Tags": own_tags(_tags(session, id)),
        }
        rules = _unless(session, id, "get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError")
        if rules:
            native["BucketEncryption"] = {
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": dict(rule["ApplyServerSideEncryptionByDefault"])}
                    for rule in rules["ServerSideEncryptionConfiguration"]["Rules"]
                ]
            }
        block = _unless(session, id, "get_public_access_block", "NoSuchPublicAccessBlockConfiguration") or {}
        found = block.get("PublicAccessBlockConfiguration", {})
        native["PublicAccessBlockConfiguration"] = {name: bool(found.get(name, False)) for name in _BLOCKS}
        return native

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind."""
        if "VersioningConfiguration" in native:
            session.call(
                "s3", "put_bucket_versioning", Bucket=id, VersioningConfiguration=dict(native["VersioningConfiguration"])
            )  # fmt: skip
        if "BucketEncryption" in native:
            rules = [
                {"ApplyServerSideEncryptionByDefault": dict(rule["ServerSideEncryptionByDefault"])}
                for rule in native["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            ]
            session.call(
                "s3", "put_bucket_encryption", Bucket=id, ServerSideEncryptionConfiguration={"Rules": rules}
            )  # fmt: skip
        if "PublicAccessBlockConfiguration" in native:
            wanted = dict(native["PublicAccessBlockConfiguration"])
            session.call("s3", "put_public_access_block", Bucket=id, PublicAccessBlockConfiguration=wanted)
        if tag_changes(native.get("Tags", {}), live.get("Tags", {})):
            # S3 replaces the whole set: keep what others have put there, but what belongs to AWS itself.
            kept = {t["Key"]: t["Value"] for t in _tags(session, id) if not t["Key"].startswith("aws:")}
            tagging = {"TagSet": as_list({**kept, **native["Tags"]})}
            session.call("s3", "put_bucket_tagging", Bucket=id, Tagging=tagging)

    def create(self, session: AwsSession, name: str, native: Mapping[str, Any]) -> str:
        """See Kind."""
        place = {} if session.region == "us-east-1" else {"LocationConstraint": session.region}
        session.call("s3", "create_bucket", Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
        self.write(session, name, native, {})
        return name

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        bucket_arn = arn("s3", scope, id).split(":")
        return {
            "id": id,
            "name": id,
            "arn": ":".join([*bucket_arn[:3], "", "", id]),
            "url": f"https://{id}.s3.{scope.location}.amazonaws.com",
        }


def _tags(session: AwsSession, id: str) -> list[Any]:
    found = _unless(session, id, "get_bucket_tagging", "NoSuchTagSet")
    return list(found["TagSet"]) if found else []


def _unless(session: AwsSession, id: str, operation: str, absent: str) -> Any | None:
    try:
        return session.call("s3", operation, Bucket=id)
    except Exception as error:
        if code_of(error) == absent:
            return None
        raise
