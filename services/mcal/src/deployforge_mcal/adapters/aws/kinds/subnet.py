"""Subnet: AWS::EC2::Subnet."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from deployforge_mcal.adapters.aws.kinds.base import Kind, arn, chunks, own_tags
from deployforge_mcal.adapters.aws.kinds.network import write_tags
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.types.subnet import SUBNET
from deployforge_mcal.domain.units import Scope


class SubnetKind(Kind):
    """A part of a network in one zone."""

    model = SUBNET
    native_type = "AWS::EC2::Subnet"
    natives: ClassVar[Mapping[str, str]] = {
        "network": "VpcId", "cidr": "CidrBlock", "zone": "AvailabilityZone", "public": "MapPublicIpOnLaunch",
        "tags": "Tags",
    }  # fmt: skip
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "arn": "arn:{partition}:ec2:{region}:{account}:subnet/{id}",
    }

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
