"""Network: AWS::EC2::VPC."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.kinds.base import (
    Kind,
    arn,
    as_list,
    chunks,
    own_tags,
    tag_changes,
)  # fmt: skip
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.types.network import NETWORK
from deployforge_mcal.domain.units import Scope

_SWITCHES: Final = {"EnableDnsSupport": "enableDnsSupport", "EnableDnsHostnames": "enableDnsHostnames"}


class NetworkKind(Kind):
    """A private network."""

    model = NETWORK
    native_type = "AWS::EC2::VPC"
    natives: ClassVar[Mapping[str, str]] = {
        "cidr": "CidrBlock", "dnsSupport": "EnableDnsSupport", "dnsHostnames": "EnableDnsHostnames", "tags": "Tags",
    }  # fmt: skip
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "arn": "arn:{partition}:ec2:{region}:{account}:vpc/{id}",
    }

    def read(self, session: AwsSession, ids: Sequence[str]) -> dict[str, Any]:
        """Networks in bulk; their switches one by one, for AWS has no other way."""
        found: dict[str, Any] = {}
        for some in chunks(ids, 200):
            filters = [{"Name": "vpc-id", "Values": some}]
            for vpc in session.pages("ec2", "describe_vpcs", "Vpcs", Filters=filters):
                found[vpc["VpcId"]] = vpc

        def one(id: str) -> dict[str, Any] | None:
            return _native(session, found[id]) if id in found else None

        return session.each(ids, one)

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind."""
        for name in _SWITCHES:
            if name in native:
                session.call("ec2", "modify_vpc_attribute", VpcId=id, **{name: {"Value": bool(native[name])}})
        write_tags(session, id, native, live)

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "arn": arn("ec2", scope, f"vpc/{id}")}


def _native(session: AwsSession, vpc: Mapping[str, Any]) -> dict[str, Any]:
    native = {"VpcId": vpc["VpcId"], "CidrBlock": vpc["CidrBlock"], "Tags": own_tags(vpc.get("Tags", []))}
    for name, attribute in _SWITCHES.items():
        got = session.call("ec2", "describe_vpc_attribute", VpcId=vpc["VpcId"], Attribute=attribute)
        native[name] = bool(got[name]["Value"])
    return native


def write_tags(session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
    """Set the tags of anything of EC2 that differ."""
    if tags := tag_changes(native.get("Tags", {}), live.get("Tags", {})):
        session.call("ec2", "create_tags", Resources=[id], Tags=as_list(tags))
