"""Cache: AWS::ElastiCache::ReplicationGroup."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.kinds.base import Kind, arn, as_list, awaited, own_tags, put, tag_changes
from deployforge_mcal.adapters.aws.kinds.sizes import native_class, portable_size
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.types.cache import CACHE
from deployforge_mcal.domain.units import Scope

_PREFIX: Final = "cache."
_CHANGED: Final = (
    "ReplicationGroupDescription", "EngineVersion", "CacheNodeType", "TransitEncryptionEnabled", "SecurityGroupIds",
)  # fmt: skip
_CREATED: Final = (
    *_CHANGED, "Engine", "NumCacheClusters", "AutomaticFailoverEnabled", "AtRestEncryptionEnabled", "AuthToken", "Port",
    "CacheSubnetGroupName",
)  # fmt: skip


class CacheKind(Kind):
    """A cache in memory."""

    model = CACHE
    native_type = "AWS::ElastiCache::ReplicationGroup"
    name_property = "ReplicationGroupId"
    extra_actions = (
        "elasticache:DescribeCacheClusters", "elasticache:IncreaseReplicaCount", "elasticache:DecreaseReplicaCount",
    )  # fmt: skip
    constants: ClassVar[Mapping[str, Any]] = {"Engine": "redis"}
    natives: ClassVar[Mapping[str, str]] = {
        "name": "ReplicationGroupId", "description": "ReplicationGroupDescription", "version": "EngineVersion",
        "size": "CacheNodeType", "replicas": "NumCacheClusters", "encrypted": "AtRestEncryptionEnabled",
        "encryptedInTransit": "TransitEncryptionEnabled", "password": "AuthToken", "port": "Port",
        "subnetGroup": "CacheSubnetGroupName", "securityGroups": "SecurityGroupIds", "tags": "Tags",
    }  # fmt: skip
    respelt = frozenset({"version", "size", "replicas", "securityGroups"})
    #: A token can be changed, though not be added later.
    changeable = frozenset({"AuthToken"})
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "arn": "arn:{partition}:elasticache:{region}:{account}:replicationgroup:{id}",
        "host": {"Fn::GetAtt": ["", "PrimaryEndPoint.Address"]},
        "port": {"Fn::GetAtt": ["", "PrimaryEndPoint.Port"]},
    }

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind. Nobody takes over from a single node, and AWS refuses to be told otherwise."""
        native = super().to_native(values)
        put(values, "version", native, "EngineVersion")
        put(values, "size", native, "CacheNodeType", lambda size: native_class(size, _PREFIX))
        put(values, "securityGroups", native, "SecurityGroupIds", list)
        if "replicas" in values:
            native["NumCacheClusters"] = values["replicas"] + 1
            native["AutomaticFailoverEnabled"] = values["replicas"] > 0
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        put(native, "EngineVersion", values, "version", lambda said: ".".join(str(said).split(".")[:2]))
        put(native, "CacheNodeType", values, "size", lambda name: portable_size(name, _PREFIX))
        values["replicas"] = int(native["NumCacheClusters"]) - 1
        values["securityGroups"] = sorted(native.get("SecurityGroupIds", ()))
        return values

    def read_one(self, session: AwsSession, id: str) -> dict[str, Any] | None:
        """See Kind. What all nodes have in common is told by the first of them."""
        found = session.call("elasticache", "describe_replication_groups", ReplicationGroupId=id)["ReplicationGroups"]
        if not found or found[0]["Status"] == "deleting":
            return None
        group = found[0]
        native: dict[str, Any] = {
            "ReplicationGroupId": id,
            "ReplicationGroupDescription": group["Description"],
            "NumCacheClusters": sum(len(part.get("NodeGroupMembers", ())) for part in group.get("NodeGroups", ())),
            "AtRestEncryptionEnabled": bool(group.get("AtRestEncryptionEnabled", False)),
            "TransitEncryptionEnabled": bool(group.get("TransitEncryptionEnabled", False)),
            "AutomaticFailoverEnabled": group.get("AutomaticFailover") in ("enabled", "enabling"),
        }
        put(group, "CacheNodeType", native, "CacheNodeType")
        for part in group.get("NodeGroups", ())[:1]:
            if endpoint := part.get("PrimaryEndpoint"):
                native["Endpoint"] = {"Address": endpoint["Address"], "Port": str(endpoint["Port"])}
                native["Port"] = int(endpoint["Port"])
        native |= _of_nodes(session, group)
        tags = session.call("elasticache", "list_tags_for_resource", ResourceName=group["ARN"]).get("TagList", [])
        return {**native, "Arn": group["ARN"], "Tags": own_tags(tags)}

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind. Changes are asked for at once, and each waits for the one before."""
        changed = {name: native[name] for name in _CHANGED if name in native}
        if "AuthToken" in native:
            changed |= {"AuthToken": native["AuthToken"], "AuthTokenUpdateStrategy": "ROTATE"}
        if changed:
            session.call("elasticache", "modify_replication_group", ReplicationGroupId=id, ApplyImmediately=True, **changed)
            awaited(lambda: self._has(session, id, {n: native[n] for n in _CHANGED if n in native}))
        if "NumCacheClusters" in native and native["NumCacheClusters"] != live.get("NumCacheClusters"):
            more = native["NumCacheClusters"] > live["NumCacheClusters"]
            session.call(
                "elasticache", "increase_replica_count" if more else "decrease_replica_count", ReplicationGroupId=id,
                ApplyImmediately=True, NewReplicaCount=native["NumCacheClusters"] - 1,
            )  # fmt: skip
            awaited(lambda: self._has(session, id, {"NumCacheClusters": native["NumCacheClusters"]}))
        if tags := tag_changes(native.get("Tags", {}), live.get("Tags", {})):
            session.call("elasticache", "add_tags_to_resource", ResourceName=live["Arn"], Tags=as_list(tags))

    def _has(self, session: AwsSession, id: str, wanted: Mapping[str, Any]) -> bool:
        """Whether a group is at rest and has what was asked for, as far as it tells."""
        [got] = session.call("elasticache", "describe_replication_groups", ReplicationGroupId=id)["ReplicationGroups"]
        live = self.read_one(session, id)
        return (
            got["Status"] == "available"
            and live is not None
            and self.from_native({**live, **wanted}) == self.from_native(live)
        )

    def create(self, session: AwsSession, name: str, native: Mapping[str, Any]) -> str:
        """See Kind."""
        given = {key: native[key] for key in _CREATED if key in native}
        tags = as_list(native.get("Tags", {}))
        session.call("elasticache", "create_replication_group", ReplicationGroupId=name, Tags=tags, **given)
        _wait(session, name)
        return name

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "arn": arn("elasticache", scope, f"replicationgroup:{id}")}

    def live_attributes(self, native: Mapping[str, Any]) -> dict[str, str]:
        """See Kind."""
        endpoint = native.get("Endpoint")
        return {"host": endpoint["Address"], "port": endpoint["Port"]} if endpoint else {}


def _of_nodes(session: AwsSession, group: Mapping[str, Any]) -> dict[str, Any]:
    members = group.get("MemberClusters", ())
    if not members:
        return {}
    [node] = session.call("elasticache", "describe_cache_clusters", CacheClusterId=members[0])["CacheClusters"]
    native: dict[str, Any] = {"SecurityGroupIds": sorted(g["SecurityGroupId"] for g in node.get("SecurityGroups", ()))}
    for name in ("Engine", "EngineVersion", "CacheSubnetGroupName"):
        put(node, name, native, name)
    return native


def _wait(session: AwsSession, id: str) -> None:
    waiter = session.client("elasticache").get_waiter("replication_group_available")
    waiter.wait(ReplicationGroupId=id, WaiterConfig={"Delay": 5, "MaxAttempts": 150})
