"""LoadBalancer: AWS::ElasticLoadBalancingV2::LoadBalancer."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.kinds.base import Kind, as_list, own_tags, tag_changes
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.types.load_balancer import LOAD_BALANCER
from deployforge_mcal.domain.units import Scope

_SERVICE: Final = "elbv2"
#: property → attribute of a load balancer, with how it is read
_ATTRIBUTES: Final[Mapping[str, str]] = {
    "idleTimeout": "idle_timeout.timeout_seconds", "deletionProtection": "deletion_protection.enabled",
}  # fmt: skip
_SCHEMES: Final = {True: "internet-facing", False: "internal"}


class LoadBalancerKind(Kind):
    """One address in front of many instances."""

    model = LOAD_BALANCER
    native_type = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    name_property = "Name"
    natives: ClassVar[Mapping[str, str]] = {
        "name": "Name", "layer": "Type", "public": "Scheme", "subnets": "Subnets", "securityGroups": "SecurityGroups",
        "idleTimeout": "LoadBalancerAttributes", "deletionProtection": "LoadBalancerAttributes", "tags": "Tags",
    }  # fmt: skip
    respelt = frozenset({"public", "idleTimeout", "deletionProtection"})
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "arn": {"Ref": ""},
        "host": {"Fn::GetAtt": ["", "DNSName"]},
    }

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        native = super().to_native(values)
        if "public" in values:
            native["Scheme"] = _SCHEMES[values["public"]]
        said = [{"Key": key, "Value": _text(values[name])} for name, key in _ATTRIBUTES.items() if name in values]
        if said:
            native["LoadBalancerAttributes"] = said
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        values["public"] = native["Scheme"] == "internet-facing"
        told = {a["Key"]: a["Value"] for a in native.get("LoadBalancerAttributes", ())}
        if (seconds := told.get(_ATTRIBUTES["idleTimeout"])) is not None:
            values["idleTimeout"] = int(seconds)
        if (protected := told.get(_ATTRIBUTES["deletionProtection"])) is not None:
            values["deletionProtection"] = protected == "true"
        return values

    def read_one(self, session: AwsSession, id: str) -> dict[str, Any] | None:
        """See Kind."""
        [got] = session.call(_SERVICE, "describe_load_balancers", LoadBalancerArns=[id])["LoadBalancers"]
        told = session.call(_SERVICE, "describe_load_balancer_attributes", LoadBalancerArn=id)["Attributes"]
        tags = session.call(_SERVICE, "describe_tags", ResourceArns=[id])["TagDescriptions"]
        return {
            "Name": got["LoadBalancerName"],
            "LoadBalancerArn": id,
            "DNSName": got["DNSName"],
            "Type": got["Type"],
            "Scheme": got["Scheme"],
            "Subnets": sorted(zone["SubnetId"] for zone in got.get("AvailabilityZones", ()) if zone.get("SubnetId")),
            "SecurityGroups": sorted(got.get("SecurityGroups", ())),
            "LoadBalancerAttributes": [{"Key": a["Key"], "Value": a["Value"]} for a in told],
            "Tags": own_tags([tag for one in tags for tag in one["Tags"]]),
        }

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind."""
        if "Subnets" in native:
            session.call(_SERVICE, "set_subnets", LoadBalancerArn=id, Subnets=list(native["Subnets"]))
        if "SecurityGroups" in native:
            groups = list(native["SecurityGroups"])
            session.call(_SERVICE, "set_security_groups", LoadBalancerArn=id, SecurityGroups=groups)
        if attributes := native.get("LoadBalancerAttributes"):
            session.call(_SERVICE, "modify_load_balancer_attributes", LoadBalancerArn=id, Attributes=list(attributes))
        if tags := tag_changes(native.get("Tags", {}), live.get("Tags", {})):
            session.call(_SERVICE, "add_tags", ResourceArns=[id], Tags=as_list(tags))

    def create(self, session: AwsSession, name: str, native: Mapping[str, Any]) -> str:
        """See Kind."""
        given = {k: native[k] for k in ("Type", "Scheme", "Subnets", "SecurityGroups") if k in native}
        tags = {"Tags": as_list(native["Tags"])} if native.get("Tags") else {}
        made = session.call(_SERVICE, "create_load_balancer", Name=name, **given, **tags)["LoadBalancers"][0]
        id = str(made["LoadBalancerArn"])
        self.write(session, id, {k: native[k] for k in ("LoadBalancerAttributes",) if k in native}, {})
        return id

    def physical_name(self, id: str) -> str:
        """The part of the ARN before the last: `…:loadbalancer/app/<name>/<number>`."""
        return id.split("/")[-2]

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "arn": id}

    def live_attributes(self, native: Mapping[str, Any]) -> dict[str, str]:
        """See Kind."""
        return {"host": str(native["DNSName"])} if "DNSName" in native else {}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
