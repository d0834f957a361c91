"""SecurityGroup: AWS::EC2::SecurityGroup. Its rules are sets: extra rules are as wrong as missing ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.kinds.base import Kind, arn, chunks, own_tags, put
from deployforge_mcal.adapters.aws.kinds.network import write_tags
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.normalise import key
from deployforge_mcal.domain.types.security_group import SECURITY_GROUP
from deployforge_mcal.domain.units import Scope

_DIRECTIONS: Final = {"SecurityGroupIngress": "IpPermissions", "SecurityGroupEgress": "IpPermissionsEgress"}
#: direction → the native name of "another group"
_PEER: Final = {
    "SecurityGroupIngress": "SourceSecurityGroupId",
    "SecurityGroupEgress": "DestinationSecurityGroupId",
}
_PREFIX: Final = {"SecurityGroupIngress": "SourcePrefixListId", "SecurityGroupEgress": "DestinationPrefixListId"}


class SecurityGroupKind(Kind):
    """Who may talk to whom."""

    model = SECURITY_GROUP
    native_type = "AWS::EC2::SecurityGroup"
    native_set_paths = ("SecurityGroupIngress", "SecurityGroupEgress")
    natives: ClassVar[Mapping[str, str]] = {
        "network": "VpcId", "description": "GroupDescription", "ingress": "SecurityGroupIngress",
        "egress": "SecurityGroupEgress", "tags": "Tags",
    }  # fmt: skip
    respelt = frozenset({"ingress", "egress"})
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Fn::GetAtt": ["", "GroupId"]},
        "arn": "arn:{partition}:ec2:{region}:{account}:security-group/{id}",
    }

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        native = super().to_native(values)
        for name, property in (("ingress", "SecurityGroupIngress"), ("egress", "SecurityGroupEgress")):
            if name in values:
                native[property] = [_native(rule, property) for rule in values[name]]
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        for name, property in (("ingress", "SecurityGroupIngress"), ("egress", "SecurityGroupEgress")):
            values[name] = sorted((_unified(rule, property) for rule in native.get(property, ())), key=key)
        return values

    def read(self, session: AwsSession, ids: Sequence[str]) -> dict[str, Any]:
        """See Kind."""
        found: dict[str, Any] = dict.fromkeys(ids)
        for some in chunks(ids, 200):
            filters = [{"Name": "group-id", "Values": some}]
            for group in session.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters):
                if group["GroupId"] in found:
                    found[group["GroupId"]] = {
                        "GroupId": group["GroupId"],
                        "GroupName": group["GroupName"],
                        "GroupDescription": group["Description"],
                        "VpcId": group.get("VpcId"),
                        "Tags": own_tags(group.get("Tags", [])),
                        **{name: list(_rules(group.get(api, ()), name)) for name, api in _DIRECTIONS.items()},
                    }
        return found

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind. A rule whose description changed counts as another rule, so the old one goes first."""
        for name in _DIRECTIONS:
            if name not in native:
                continue
            word = "ingress" if name == "SecurityGroupIngress" else "egress"
            wanted = {key(rule): rule for rule in native[name]}
            there = {key(rule): rule for rule in live.get(name, ())}
            extra = [_permission(there[k], name) for k in sorted(there.keys() - wanted.keys())]
            missing = [_permission(wanted[k], name) for k in sorted(wanted.keys() - there.keys())]
            if extra:
                session.call("ec2", f"revoke_security_group_{word}", GroupId=id, IpPermissions=extra)
            if missing:
                session.call("ec2", f"authorize_security_group_{word}", GroupId=id, IpPermissions=missing)
        write_tags(session, id, native, live)

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "arn": arn("ec2", scope, f"security-group/{id}")}


def _native(rule: Mapping[str, Any], direction: str) -> dict[str, Any]:
    native: dict[str, Any] = {"IpProtocol": "-1" if rule["protocol"] == "all" else rule["protocol"]}
    put(rule, "fromPort", native, "FromPort")
    put(rule, "toPort", native, "ToPort")
    if "cidr" in rule:
        native["CidrIpv6" if ":" in rule["cidr"] and "${" not in rule["cidr"] else "CidrIp"] = rule["cidr"]
    put(rule, "group", native, _PEER[direction])
    put(rule, "description", native, "Description")
    return native


def _unified(rule: Mapping[str, Any], direction: str) -> dict[str, Any]:
    found: dict[str, Any] = {"protocol": "all" if rule["IpProtocol"] == "-1" else rule["IpProtocol"]}
    if found["protocol"] != "all":
        put(rule, "FromPort", found, "fromPort")
        put(rule, "ToPort", found, "toPort")
    put(rule, "CidrIp", found, "cidr")
    put(rule, "CidrIpv6", found, "cidr")
    put(rule, _PEER[direction], found, "group")
    put(rule, _PREFIX[direction], found, "prefixList")
    put(rule, "Description", found, "description")
    return found


def _rules(permissions: Any, direction: str) -> Iterator[dict[str, Any]]:
    """AWS groups peers by protocol and ports; a template has one rule each."""
    for permission in permissions:
        base: dict[str, Any] = {"IpProtocol": permission["IpProtocol"]}
        if base["IpProtocol"] != "-1":
            put(permission, "FromPort", base, "FromPort")
            put(permission, "ToPort", base, "ToPort")
        lists = (
            ("IpRanges", "CidrIp", "CidrIp"), ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
            ("UserIdGroupPairs", "GroupId", _PEER[direction]), ("PrefixListIds", "PrefixListId", _PREFIX[direction]),
        )  # fmt: skip
        for api, field, native in lists:
            for peer in permission.get(api, ()):
                rule = {**base, native: peer[field]}
                if peer.get("Description"):
                    rule["Description"] = peer["Description"]
                yield rule


def _permission(rule: Mapping[str, Any], direction: str) -> dict[str, Any]:
    """A rule in the words of the EC2 API."""
    permission: dict[str, Any] = {"IpProtocol": rule["IpProtocol"]}
    put(rule, "FromPort", permission, "FromPort")
    put(rule, "ToPort", permission, "ToPort")
    lists = (
        ("CidrIp", "IpRanges", "CidrIp"), ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        (_PEER[direction], "UserIdGroupPairs", "GroupId"), (_PREFIX[direction], "PrefixListIds", "PrefixListId"),
    )  # fmt: skip
    for native, api, field in lists:
        if native in rule:
            peer = {field: rule[native]}
            put(rule, "Description", peer, "Description")
            permission[api] = [peer]
    return permission
