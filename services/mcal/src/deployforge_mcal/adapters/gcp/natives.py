"""The resources of Terraform's `google` provider that are used here: where each has its REST, and how its arguments are
spelt where that is not simply REST's name in snake case. Source: the provider's reference, version 6.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from deployforge_mcal.adapters.bodies import Body, get, identity, merged, put


@dataclass(frozen=True)
class GoogleType:
    """One type of Terraform's."""

    name: str
    """`google_pubsub_topic`"""
    service: str
    kind: str
    """With the service, the type in Cloud Asset Inventory: `pubsub.googleapis.com/Topic`."""
    path: str
    """The relative resource name, with the arguments that it is made of."""
    permissions: str
    """What the IAM permissions about it begin with."""
    respelt: Mapping[str, str] = field(default_factory=dict)
    """REST path → argument path."""
    always: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that only Terraform knows."""
    labels: str = "labels"
    """REST path of labels; empty: it has none."""
    shaped: Callable[[Body], Body] = identity
    """A body as Terraform has it, where REST has another shape."""
    listed_as: str = ""
    """The service in Cloud Asset Inventory's type, where that is another one."""

    indexed: bool = True
    """Cloud Asset Inventory has it, under the name that its service has."""
    apart: bool = True
    """It is something by itself, and not a word about what its name says, which ends with that."""

    @property
    def asset(self) -> str:
        """The type in Cloud Asset Inventory."""
        return f"{self.listed_as or self.service}/{self.kind}"

    def named(self, relative: str) -> dict[str, str]:
        """The arguments that a relative name is made of."""
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        matched = re.fullmatch(pattern, relative)
        found = {} if matched is None else matched.groupdict()
        return {name: value for name, value in found.items() if name != "domain"}

    def arguments(self, relative: str, body: Body) -> dict[str, Any]:
        """What Terraform is told of a resource."""
        found: dict[str, Any] = {**self.always, **self.named(relative)}
        rest = self.shaped(body)
        for path, argument in self.respelt.items():
            if (value := get(rest, path)) is not None:
                put(found, argument, _snake(value))
                rest = _without(rest, path.split("."))
        return merged(found, _snake(rest))


_PLAIN: Final = {"allowed": "allow", "denied": "deny", "IPProtocol": "protocol", "IPAddress": "ip_address"}


def _snake(value: Any) -> Any:
    """Names in snake case; what stands under labels and annotations is nobody's name."""
    if isinstance(value, Mapping):
        return {
            (argument := _PLAIN.get(name) or re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()): (
                dict(inner) if argument in ("labels", "annotations", "environment_variables", "user_labels", "metadata")
                else _snake(inner)
            )
            for name, inner in value.items()
        }  # fmt: skip
    return [_snake(inner) for inner in value] if isinstance(value, list) else value


def snake(value: Any) -> Any:
    """A REST body with the names that Terraform's arguments have, as far as they follow from it."""
    return _snake(value)


def _without(body: Mapping[str, Any], path: list[str]) -> Body:
    found = dict(body)
    if len(path) == 1:
        found.pop(path[0], None)
        return found
    inner = _without(found.get(path[0], {}), path[1:])
    if inner:
        return {**found, path[0]: inner}
    found.pop(path[0], None)
    return found


def _instance(body: Body) -> Body:
    """An instance as Terraform has it: what REST lists, it has one of."""
    found = {name: value for name, value in body.items() if name not in ("disks", "networkInterfaces", "tags", "metadata")}
    for disk in body.get("disks") or ():
        found["bootDisk"] = {"initializeParams": {"image": disk["initializeParams"]["sourceImage"]}}
    for interface in body.get("networkInterfaces") or ():
        found["networkInterface"] = dict(interface)
    if "tags" in body:
        found["tags"] = list(body["tags"]["items"])
    if "metadata" in body:
        found["metadata"] = {one["key"]: one["value"] for one in body["metadata"]["items"]}
    return found


GOOGLE: Final[Mapping[str, GoogleType]] = {
    one.name: one
    for one in (
        GoogleType("google_compute_network", "compute.googleapis.com", "Network",
                   "projects/{project}/global/networks/{name}", "compute.networks", labels=""),
        GoogleType("google_compute_subnetwork", "compute.googleapis.com", "Subnetwork",
                   "projects/{project}/regions/{region}/subnetworks/{name}", "compute.subnetworks", labels=""),
        GoogleType("google_compute_firewall", "compute.googleapis.com", "Firewall",
                   "projects/{project}/global/firewalls/{name}", "compute.firewalls", labels=""),
        GoogleType("google_storage_bucket", "storage.googleapis.com", "Bucket",
                   "{name}", "storage.buckets",
                   {"iamConfiguration.publicAccessPrevention": "public_access_prevention",
                    "iamConfiguration.uniformBucketLevelAccess.enabled": "uniform_bucket_level_access"}),
        GoogleType("google_pubsub_topic", "pubsub.googleapis.com", "Topic",
                   "projects/{project}/topics/{name}", "pubsub.topics"),
        GoogleType("google_pubsub_subscription", "pubsub.googleapis.com", "Subscription",
                   "projects/{project}/subscriptions/{name}", "pubsub.subscriptions",
                   always={"expiration_policy": {"ttl": ""}}),
        GoogleType("google_firestore_database", "firestore.googleapis.com", "Database",
                   "projects/{project}/databases/{name}", "datastore.databases",
                   always={"deletion_policy": "DELETE"}, labels=""),
        GoogleType("google_firestore_field", "firestore.googleapis.com", "Field",
                   "projects/{project}/databases/{database}/collectionGroups/{collection}/fields/{field}",
                   "datastore.indexes", labels="", indexed=False),
        GoogleType("google_secret_manager_secret", "secretmanager.googleapis.com", "Secret",
                   "projects/{project}/secrets/{secret_id}", "secretmanager.secrets",
                   {"replication.automatic": "replication.auto"}, indexed=False),
        GoogleType("google_secret_manager_secret_iam_member", "secretmanager.googleapis.com", "IamPolicy",
                   "projects/{project}/secrets/{secret_id}:getIamPolicy", "secretmanager.secrets", labels="",
                   indexed=False, apart=False),
        GoogleType("google_service_account", "iam.googleapis.com", "ServiceAccount",
                   "projects/{project}/serviceAccounts/{account_id}@{domain}", "iam.serviceAccounts", labels=""),
        GoogleType("google_logging_project_bucket_config", "logging.googleapis.com", "LogBucket",
                   "projects/{project}/locations/{location}/buckets/{bucket_id}", "logging.buckets", labels=""),
        GoogleType("google_sql_database_instance", "cloudsql.googleapis.com", "Instance",
                   "projects/{project}/instances/{name}", "cloudsql.instances",
                   {"settings.dataDiskSizeGb": "settings.disk_size"}, {"deletion_protection": False},
                   labels="settings.userLabels", listed_as="sqladmin.googleapis.com"),
        GoogleType("google_redis_instance", "redis.googleapis.com", "Instance",
                   "projects/{project}/locations/{region}/instances/{name}", "redis.instances"),
        GoogleType("google_compute_instance", "compute.googleapis.com", "Instance",
                   "projects/{project}/zones/{zone}/instances/{name}", "compute.instances", shaped=_instance),
        GoogleType("google_cloudfunctions2_function", "cloudfunctions.googleapis.com", "Function",
                   "projects/{project}/locations/{location}/functions/{name}", "cloudfunctions.functions"),
        GoogleType("google_compute_forwarding_rule", "compute.googleapis.com", "ForwardingRule",
                   "projects/{project}/regions/{region}/forwardingRules/{name}", "compute.forwardingRules",
                   {"IPProtocol": "ip_protocol"}),
        GoogleType("google_compute_region_backend_service", "compute.googleapis.com", "RegionBackendService",
                   "projects/{project}/regions/{region}/backendServices/{name}", "compute.regionBackendServices",
                   labels=""),
        GoogleType("google_compute_region_url_map", "compute.googleapis.com", "UrlMap",
                   "projects/{project}/regions/{region}/urlMaps/{name}", "compute.regionUrlMaps", labels=""),
        GoogleType("google_compute_region_target_http_proxy", "compute.googleapis.com", "TargetHttpProxy",
                   "projects/{project}/regions/{region}/targetHttpProxies/{name}", "compute.regionTargetHttpProxies",
                   labels=""),
        GoogleType("google_dns_record_set", "dns.googleapis.com", "ResourceRecordSet",
                   "projects/{project}/managedZones/{managed_zone}/rrsets/{name}/{type}",
                   "dns.resourceRecordSets", labels=""),
    )
}  # fmt: skip
