"""Network: AWS::EC2::VPC."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.kinds.base import (
    TAGS,
    Kind,
    Property,
    arn,
    as_list,
    chunks,
    own_tags,
    put,
    tag_changes,
)  # fmt: skip
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.normalise import boolean, cidr, known
from deployforge_mcal.domain.units import Scope

_SIMPLE: Final = {
    "cidr": "CidrBlock", "dnsSupport": "EnableDnsSupport", "dnsHostnames": "EnableDnsHostnames", "tags": "Tags",
}  # fmt: skip
_SWITCHES: Final = {"EnableDnsSupport": "enableDnsSupport", "EnableDnsHostnames": "enableDnsHostnames"}


class NetworkKind(Kind):
    """A private network."""

    type = "Network"
    native_type = "AWS::EC2::VPC"
    description = "A private network."
    properties = (
        Property("cidr", "string", "Its addresses, `10.0.0.0/16`.", known(cidr), "CidrBlock", required=True),
        Property("dnsSupport", "boolean", "Resolve names inside the network.", known(boolean), "EnableDnsSupport"),
        Property("dnsHostnames", "boolean", "Give instances public names.", known(boolean), "EnableDnsHostnames"),
        TAGS,
    )
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "arn": "arn:{partition}:ec2:{region}:{account}:vpc/{id}",
    }

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        native: dict[str, Any] = {}
        for name, property in _SIMPLE.items():
            put(values, name, native, property)
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        values: dict[str, Any] = {}
        for name, property in _SIMPLE.items():
            put(native, property, values, name)
        return values

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
