"""Subnet: AWS::EC2::Subnet."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.kinds.base import TAGS, Kind, Property, arn, chunks, own_tags, put
from deployforge_mcal.adapters.aws.kinds.network import write_tags
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.normalise import boolean, cidr, known, text
from deployforge_mcal.domain.units import Scope

_SIMPLE: Final = {
    "network": "VpcId", "cidr": "CidrBlock", "zone": "AvailabilityZone", "public": "MapPublicIpOnLaunch", "tags": "Tags",
}  # fmt: skip


class SubnetKind(Kind):
    """A part of a network in one zone."""

    type = "Subnet"
    native_type = "AWS::EC2::Subnet"
    description = "A part of a network in one zone."
    properties = (
        Property("network", "string", "The network's id, `${net.id}`.", known(text), "VpcId", required=True),
        Property("cidr", "string", "Its addresses, a part of the network's.", known(cidr), "CidrBlock", required=True),
        Property("zone", "string", "Availability zone, `eu-west-1a`; left out, AWS chooses.", known(text), "AvailabilityZone"),  # noqa: E501
        Property("public", "boolean", "Give instances public addresses.", known(boolean), "MapPublicIpOnLaunch"),
        TAGS,
    )  # fmt: skip
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "arn": "arn:{partition}:ec2:{region}:{account}:subnet/{id}",
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
        """See Kind."""
        found: dict[str, Any] = dict.fromkeys(ids)
        for some in chunks(ids, 200):
            filters = [{"Name": "subnet-id", "Values": some}]
            for subnet in session.pages("ec2", "describe_subnets", "Subnets", Filters=filters):
                if subnet["SubnetId"] in found:
                    found[subnet["SubnetId"]] = {
                        **{name: subnet.get(name) for name in ("SubnetId", "VpcId", "CidrBlock", "AvailabilityZone")},
                        "MapPublicIpOnLaunch": bool(subnet.get("MapPublicIpOnLaunch", False)),
                        "Tags": own_tags(subnet.get("Tags", [])),
                    }
        return found

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind."""
        if "MapPublicIpOnLaunch" in native:
            wanted = {"Value": bool(native["MapPublicIpOnLaunch"])}
            session.call("ec2", "modify_subnet_attribute", SubnetId=id, MapPublicIpOnLaunch=wanted)
        write_tags(session, id, native, live)

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "arn": arn("ec2", scope, f"subnet/{id}")}
