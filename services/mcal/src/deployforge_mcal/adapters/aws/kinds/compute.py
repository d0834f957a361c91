"""Compute: AWS::EC2::Instance."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.kinds.base import Kind, arn, chunks, own_tags, put
from deployforge_mcal.adapters.aws.kinds.network import write_tags
from deployforge_mcal.adapters.aws.kinds.sizes import native_class, portable_size
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.types.compute import COMPUTE
from deployforge_mcal.domain.units import Scope

#: Only CloudFormation can encode a script that it must first put together.
_ENCODED: Final = "Fn::Base64"
_GONE: Final = ("terminated", "shutting-down")
_DELAY: Final = {"Delay": 2, "MaxAttempts": 300}


class ComputeKind(Kind):
    """A virtual machine."""

    model = COMPUTE
    native_type = "AWS::EC2::Instance"
    native_set_paths = ("SecurityGroupIds",)
    natives: ClassVar[Mapping[str, str]] = {
        "image": "ImageId", "size": "InstanceType", "subnet": "SubnetId", "securityGroups": "SecurityGroupIds",
        "startup": "UserData", "keyPair": "KeyName", "deletionProtection": "DisableApiTermination", "tags": "Tags",
    }  # fmt: skip
    respelt = frozenset({"size", "securityGroups", "startup"})
    #: Only instances outside of networks, or on disks of their host, are replaced for these.
    changeable = frozenset({"InstanceType", "SecurityGroupIds"})
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "arn": "arn:{partition}:ec2:{region}:{account}:instance/{id}",
        "privateIp": {"Fn::GetAtt": ["", "PrivateIp"]},
    }

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        native = super().to_native(values)
        put(values, "size", native, "InstanceType", native_class)
        put(values, "securityGroups", native, "SecurityGroupIds", list)
        put(values, "startup", native, "UserData", lambda script: {_ENCODED: script})
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        put(native, "InstanceType", values, "size", portable_size)
        values["securityGroups"] = sorted(native.get("SecurityGroupIds", ()))
        put(native, "UserData", values, "startup", _decoded)
        return values

    def read(self, session: AwsSession, ids: Sequence[str]) -> dict[str, Any]:
        """Instances in bulk; their scripts and protection one by one, for AWS has no other way."""
        found: dict[str, Any] = {}
        for some in chunks(ids, 200):
            filters = [{"Name": "instance-id", "Values": some}]
            for reservation in session.pages("ec2", "describe_instances", "Reservations", Filters=filters):
                found |= {i["InstanceId"]: i for i in reservation["Instances"] if i["State"]["Name"] not in _GONE}

        def one(id: str) -> dict[str, Any] | None:
            return _native(session, found[id]) if id in found else None

        return session.each(ids, one)

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind. A machine is stopped and started again to become a larger or smaller one."""
        if "SecurityGroupIds" in native:
            session.call("ec2", "modify_instance_attribute", InstanceId=id, Groups=list(native["SecurityGroupIds"]))
        if "DisableApiTermination" in native:
            wanted = {"Value": bool(native["DisableApiTermination"])}
            session.call("ec2", "modify_instance_attribute", InstanceId=id, DisableApiTermination=wanted)
        if "InstanceType" in native:
            session.call("ec2", "stop_instances", InstanceIds=[id])
            session.client("ec2").get_waiter("instance_stopped").wait(InstanceIds=[id], WaiterConfig=_DELAY)
            size = {"Value": native["InstanceType"]}
            session.call("ec2", "modify_instance_attribute", InstanceId=id, InstanceType=size)
            session.call("ec2", "start_instances", InstanceIds=[id])
            session.client("ec2").get_waiter("instance_running").wait(InstanceIds=[id], WaiterConfig=_DELAY)
        write_tags(session, id, native, live)

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "arn": arn("ec2", scope, f"instance/{id}")}

    def live_attributes(self, native: Mapping[str, Any]) -> dict[str, str]:
        """See Kind."""
        return {"privateIp": str(native["PrivateIp"])} if "PrivateIp" in native else {}


def _decoded(data: Any) -> str:
    return str(data[_ENCODED]) if isinstance(data, Mapping) else base64.b64decode(data).decode(errors="replace")


def _native(session: AwsSession, instance: Mapping[str, Any]) -> dict[str, Any]:
    id = instance["InstanceId"]
    script = session.call("ec2", "describe_instance_attribute", InstanceId=id, Attribute="userData")
    kept = session.call("ec2", "describe_instance_attribute", InstanceId=id, Attribute="disableApiTermination")
    native: dict[str, Any] = {
        "InstanceId": id,
        "SecurityGroupIds": sorted(g["GroupId"] for g in instance.get("SecurityGroups", ())),
        "DisableApiTermination": bool(kept["DisableApiTermination"].get("Value", False)),
        "Tags": own_tags(instance.get("Tags", [])),
    }
    put(script.get("UserData", {}), "Value", native, "UserData")
    put(instance, "PrivateIpAddress", native, "PrivateIp")
    for name in ("ImageId", "InstanceType", "SubnetId", "KeyName"):
        put(instance, name, native, name)
    return native
