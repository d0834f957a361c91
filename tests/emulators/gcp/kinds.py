"""What this emulator knows of Google's resources: where each is in REST, which arguments Terraform's `google` provider
has for it, what the service adds and what it refuses. Written after the provider's reference (version 6) and the REST
references of the services, and not after the adapter that is tested with it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Body = dict[str, Any]

REGIONS: Final = ("europe-west1", "europe-west3", "europe-west4", "us-central1", "us-east1", "asia-east1")


@dataclass(frozen=True)
class Arg:
    """One argument: where REST has it."""

    path: str = ""
    """Empty: nowhere."""
    force: bool = False
    """A change makes another resource."""
    required: bool = False
    there: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True)
class Kind:
    """One type of Terraform's."""

    type: str
    asset: str
    host: str
    before: str
    """What REST's path has before the relative name."""
    path: str
    """The relative name, of arguments."""
    args: Mapping[str, Arg]
    list_key: str = ""
    adds: Callable[[str, Body], Body] = lambda relative, body: {}
    """What the service adds to a new resource."""
    refers: Mapping[str, str] = field(default_factory=dict)
    """REST path whose value must be a resource of this service."""
    name_rule: str = r"[A-Za-z][A-Za-z0-9._~%+-]{2,254}"
    additive: bool = False
    """To add what is there already is no conflict."""
    named: str = ""
    """The service in full names, where it is not the asset's."""

    @property
    def service(self) -> str:
        """`pubsub.googleapis.com`."""
        return self.named or self.asset.partition("/")[0]

    @property
    def pattern(self) -> "re.Pattern[str]":
        """Relative names of this kind."""
        return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/:]+)", re.escape(self.path)))


def camel(name: str) -> str:
    """`dead_letter_topic` → `deadLetterTopic`."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def nested(value: Any) -> Any:
    """Blocks in Terraform's names, in REST's."""
    if isinstance(value, Mapping):
        return {camel(name): nested(inner) for name, inner in value.items()}
    return [nested(inner) for inner in value] if isinstance(value, list) else value


def _allow(rules: Any) -> Any:
    listed = rules if isinstance(rules, list) else [rules]
    return [{"IPProtocol": r["protocol"], **({"ports": r["ports"]} if r.get("ports") else {})} for r in listed]


def _compute(relative: str, body: Body) -> Body:
    collection = relative.split("/")[-2]
    kind = collection.removesuffix("ies") + "y" if collection.endswith("ies") else collection.removesuffix("s")
    found: Body = {"kind": f"compute#{kind}", "name": relative.rpartition("/")[2], "selfLink": link(relative)}
    if "network" in body:
        found["network"] = link(str(body["network"]))
    return found


def link(relative: str) -> str:
    """As Compute Engine writes references."""
    at = relative[relative.index("projects/") :] if "projects/" in relative else relative
    return f"https://www.googleapis.com/compute/v1/{at}"


def _named(relative: str, body: Body) -> Body:
    return {"name": relative}


def _account(relative: str, body: Body) -> Body:
    email = relative.rpartition("/")[2]
    return {"name": relative, "email": email, "projectId": relative.split("/")[1], "uniqueId": str(abs(hash(email)))}


def _settings(block: Any) -> Any:
    rest = {name: value for name, value in block.items() if name not in ("disk_size", "user_labels")}
    found = nested(rest)
    if "disk_size" in block:
        found["dataDiskSizeGb"] = str(block["disk_size"])
    return {**found, "userLabels": dict(block.get("user_labels", {}))}


def _service(block: Any) -> Any:
    rest = {name: value for name, value in block.items() if name != "environment_variables"}
    given = {"environmentVariables": dict(block["environment_variables"])} if "environment_variables" in block else {}
    return {**nested(rest), **given}


def _sql(relative: str, body: Body) -> Body:
    public = ((body.get("settings") or {}).get("ipConfiguration") or {}).get("ipv4Enabled", True)
    addresses = [{"type": "PRIMARY", "ipAddress": "203.0.113.7"}] if public else []
    found: Body = {
        "kind": "sql#instance",
        "name": relative.rpartition("/")[2],
        "state": "RUNNABLE",
        "ipAddresses": addresses,
    }
    return found if public else {**found, "dnsName": f"{found['name']}.sql.goog."}


def _args(*plain: str, force: str = "", required: str = "", **spelt: Arg) -> dict[str, Arg]:
    """Arguments whose REST name is their own in camel case; `force` and `required` name some of them."""
    forced, needed = force.split(), required.split()
    found = {n: Arg(camel(n), n in forced, n in needed, nested) for n in {*plain, *forced, *needed}}
    return {**found, **spelt}


_COMPUTE_NAME: Final = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"
_HERE: Final = Arg(force=True)
_NAMED: Final = Arg(force=True, required=True)

KINDS: Final[Mapping[str, Kind]] = {
    kind.type: kind
    for kind in (
        Kind(
            "google_compute_network", "compute.googleapis.com/Network", "compute.googleapis.com", "compute/v1/",
            "projects/{project}/global/networks/{name}",
            _args("routing_mode", "mtu", force="auto_create_subnetworks description", name=_NAMED, project=_HERE),
            "items", lambda r, b: {**_compute(r, b), "routingConfig": {"routingMode": "REGIONAL"}}, name_rule=_COMPUTE_NAME,
        ),
        Kind(
            "google_compute_subnetwork", "compute.googleapis.com/Subnetwork", "compute.googleapis.com", "compute/v1/",
            "projects/{project}/regions/{region}/subnetworks/{name}",
            _args("private_ip_google_access", "role", force="ip_cidr_range purpose", required="ip_cidr_range", name=_NAMED, project=_HERE, region=_HERE,
                  network=Arg("network", True, True, link)),
            "items", lambda r, b: {**_compute(r, b), "region": link("/".join(r.split("/")[:4]))}, {"network": "compute.googleapis.com"},
            name_rule=_COMPUTE_NAME,
        ),
        Kind(
            "google_compute_firewall", "compute.googleapis.com/Firewall", "compute.googleapis.com", "compute/v1/",
            "projects/{project}/global/firewalls/{name}",
            _args("description", "priority", "disabled", "source_ranges", "destination_ranges", "source_tags", "target_tags",
                  force="direction", name=_NAMED, project=_HERE, network=Arg("network", True, True, link),
                  allow=Arg("allowed", there=_allow), deny=Arg("denied", there=_allow)),
            "items", _compute, {"network": "compute.googleapis.com"}, name_rule=_COMPUTE_NAME,
        ),
        Kind(
            "google_storage_bucket", "storage.googleapis.com/Bucket", "storage.googleapis.com", "storage/v1/b/", "{name}",
            _args("labels", "versioning", "force_destroy", name=_NAMED, project=_HERE, location=Arg("location", True, True, lambda v: str(v).upper()),
                  public_access_prevention=Arg("iamConfiguration.publicAccessPrevention"),
                  uniform_bucket_level_access=Arg("iamConfiguration.uniformBucketLevelAccess.enabled")),
            "items", lambda r, b: {"kind": "storage#bucket", "id": r, "name": r, "storageClass": "STANDARD"},
            name_rule=r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]",
        ),
        Kind(
            "google_pubsub_topic", "pubsub.googleapis.com/Topic", "pubsub.googleapis.com", "v1/", "projects/{project}/topics/{name}",
            _args("labels", "kms_key_name", "message_retention_duration", name=_NAMED, project=_HERE), "topics", _named,
        ),
        Kind(
            "google_pubsub_subscription", "pubsub.googleapis.com/Subscription", "pubsub.googleapis.com", "v1/",
            "projects/{project}/subscriptions/{name}",
            _args("labels", "ack_deadline_seconds", "message_retention_duration", "dead_letter_policy", "enable_exactly_once_delivery",
                  "retain_acked_messages", "expiration_policy", force="topic enable_message_ordering filter", required="topic", name=_NAMED, project=_HERE),
            "subscriptions", lambda r, b: {"name": r, "ackDeadlineSeconds": 10, "messageRetentionDuration": "604800s", "state": "ACTIVE", **b},
            {"topic": "pubsub.googleapis.com", "deadLetterPolicy.deadLetterTopic": "pubsub.googleapis.com"},
        ),
        Kind(
            "google_firestore_database", "firestore.googleapis.com/Database", "firestore.googleapis.com", "v1/", "projects/{project}/databases/{name}",
            _args("point_in_time_recovery_enablement", "delete_protection_state", "concurrency_mode", force="location_id type", required="location_id type",
                  name=_NAMED, project=_HERE, deletion_policy=Arg()),
            "databases",
            lambda r, b: {"name": r, "uid": "u", "pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_DISABLED",
                          "deleteProtectionState": "DELETE_PROTECTION_DISABLED", "concurrencyMode": "PESSIMISTIC", **b},
            name_rule=r"[a-z][a-z0-9-]{2,61}[a-z0-9]",
        ),
        Kind(
            "google_firestore_field", "firestore.googleapis.com/Field", "firestore.googleapis.com", "v1/",
            "projects/{project}/databases/{database}/collectionGroups/{collection}/fields/{field}",
            _args("ttl_config", database=_NAMED, collection=_NAMED, field=_NAMED, project=_HERE), "fields",
            lambda r, b: {"name": r, **({"ttlConfig": {"state": "ACTIVE"}} if "ttlConfig" in b else {})}, name_rule=r"[^/]+",
        ),
        Kind(
            "google_secret_manager_secret", "secretmanager.googleapis.com/Secret", "secretmanager.googleapis.com", "v1/",
            "projects/{project}/secrets/{secret_id}",
            _args("labels", "annotations", secret_id=_NAMED, project=_HERE,
                  replication=Arg("replication", True, True, lambda v: {"automatic": {}} if "auto" in v else nested(v))),
            "secrets", _named, name_rule=r"[A-Za-z0-9_-]{1,255}",
        ),
        Kind(
            "google_secret_manager_secret_iam_member", "secretmanager.googleapis.com/IamPolicy", "secretmanager.googleapis.com", "v1/",
            "projects/{project}/secrets/{secret_id}:getIamPolicy",
            _args(force="role member", required="role member", secret_id=_NAMED, project=_HERE), name_rule=r".+", additive=True,
        ),
        Kind(
            "google_service_account", "iam.googleapis.com/ServiceAccount", "iam.googleapis.com", "v1/", "projects/{project}/serviceAccounts/{account_id}",
            _args("display_name", "description", "disabled", account_id=_NAMED, project=_HERE), "accounts", _account,
            name_rule=r"[a-z]([-a-z0-9]{4,28}[a-z0-9])(@.+)?",
        ),
        Kind(
            "google_logging_project_bucket_config", "logging.googleapis.com/LogBucket", "logging.googleapis.com", "v2/",
            "projects/{project}/locations/{location}/buckets/{bucket_id}",
            _args("retention_days", "description", "cmek_settings", bucket_id=_NAMED, location=_NAMED, project=_NAMED), "buckets",
            lambda r, b: {"name": r, "retentionDays": 30, "lifecycleState": "ACTIVE", **b}, name_rule=r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}",
        ),
        Kind(
            "google_sql_database_instance", "sqladmin.googleapis.com/Instance", "sqladmin.googleapis.com", "v1/", "projects/{project}/instances/{name}",
            _args(force="database_version region", required="database_version", name=_NAMED, project=_HERE, deletion_protection=Arg(),
                  settings=Arg("settings", required=True, there=_settings)),
            "items", _sql, name_rule=r"[a-z][a-z0-9-]{0,97}", named="cloudsql.googleapis.com",
        ),
        Kind(
            "google_redis_instance", "redis.googleapis.com/Instance", "redis.googleapis.com", "v1/", "projects/{project}/locations/{region}/instances/{name}",
            _args("display_name", "memory_size_gb", "replica_count", "labels", "redis_version", force="tier transit_encryption_mode read_replicas_mode",
                  required="memory_size_gb", name=_NAMED, project=_HERE, region=_HERE),
            "instances", lambda r, b: {"name": r, "host": "10.0.0.3", "port": 6379, "state": "READY", "redisVersion": "REDIS_7_0", "tier": "BASIC",
                                       "transitEncryptionMode": "DISABLED", **b},
            name_rule=r"[a-z][a-z0-9-]{0,38}[a-z0-9]",
        ),
        Kind(
            "google_compute_instance", "compute.googleapis.com/Instance", "compute.googleapis.com", "compute/v1/",
            "projects/{project}/zones/{zone}/instances/{name}",
            _args("labels", "deletion_protection", name=_NAMED, project=_HERE, zone=_HERE,
                  machine_type=Arg("machineType", required=True, there=lambda v: f"{link('projects/p/zones/z/machineTypes')}/{v}"),
                  tags=Arg("tags", there=lambda v: {"items": list(v)}), metadata=Arg("metadata", there=lambda v: {"items": [{"key": k, "value": x} for k, x in v.items()]}),
                  boot_disk=Arg("disks", True, True, lambda v: [{"boot": True, "index": 0}]),
                  network_interface=Arg("networkInterfaces", True, True, lambda v: [{"subnetwork": link(v["subnetwork"]), "networkIP": "10.0.0.2"}])),
            "items", lambda r, b: {**_compute(r, b), "status": "RUNNING"}, name_rule=_COMPUTE_NAME,
        ),
        Kind(
            "google_cloudfunctions2_function", "cloudfunctions.googleapis.com/Function", "cloudfunctions.googleapis.com", "v2/",
            "projects/{project}/locations/{location}/functions/{name}",
            _args("description", "labels", name=_NAMED, project=_HERE, location=_NAMED, build_config=Arg("buildConfig", required=True, there=nested),
                  service_config=Arg("serviceConfig", there=_service)),
            "functions", lambda r, b: {"name": r, "state": "ACTIVE", "environment": "GEN_2"}, name_rule=r"[a-z][a-z0-9-]{0,61}[a-z0-9]",
        ),
        Kind(
            "google_compute_forwarding_rule", "compute.googleapis.com/ForwardingRule", "compute.googleapis.com", "compute/v1/",
            "projects/{project}/regions/{region}/forwardingRules/{name}",
            _args("labels", "allow_global_access", force="load_balancing_scheme port_range all_ports description", name=_NAMED, project=_HERE, region=_HERE,
                  ip_protocol=Arg("IPProtocol", True), ip_address=Arg("IPAddress", True), subnetwork=Arg("subnetwork", True, there=link),
                  target=Arg("target", there=link), backend_service=Arg("backendService", there=link)),
            "items", lambda r, b: {"loadBalancingScheme": "EXTERNAL", "IPAddress": "203.0.113.8" if b.get("loadBalancingScheme") == "EXTERNAL" else "10.0.0.9",
                                   **b, **_compute(r, b)},
            {"subnetwork": "compute.googleapis.com", "target": "compute.googleapis.com", "backendService": "compute.googleapis.com"}, name_rule=_COMPUTE_NAME,
        ),
        Kind(
            "google_compute_region_backend_service", "compute.googleapis.com/RegionBackendService", "compute.googleapis.com", "compute/v1/",
            "projects/{project}/regions/{region}/backendServices/{name}",
            _args("description", "protocol", "timeout_sec", "backend", "health_checks", force="load_balancing_scheme", name=_NAMED, project=_HERE, region=_HERE),
            "items", lambda r, b: {"loadBalancingScheme": "INTERNAL", "timeoutSec": 30, **b, **_compute(r, b)}, name_rule=_COMPUTE_NAME,
        ),
        Kind(
            "google_compute_region_url_map", "compute.googleapis.com/UrlMap", "compute.googleapis.com", "compute/v1/",
            "projects/{project}/regions/{region}/urlMaps/{name}",
            _args("description", name=_NAMED, project=_HERE, region=_HERE, default_service=Arg("defaultService", there=link)),
            "items", _compute, {"defaultService": "compute.googleapis.com"}, name_rule=_COMPUTE_NAME,
        ),
        Kind(
            "google_compute_region_target_http_proxy", "compute.googleapis.com/TargetHttpProxy", "compute.googleapis.com", "compute/v1/",
            "projects/{project}/regions/{region}/targetHttpProxies/{name}",
            _args("description", name=_NAMED, project=_HERE, region=_HERE, url_map=Arg("urlMap", required=True, there=link)),
            "items", _compute, {"urlMap": "compute.googleapis.com"}, name_rule=_COMPUTE_NAME,
        ),
        Kind(
            "google_dns_record_set", "dns.googleapis.com/ResourceRecordSet", "dns.googleapis.com", "dns/v1/",
            "projects/{project}/managedZones/{managed_zone}/rrsets/{name}/{type}",
            _args("ttl", "rrdatas", project=_HERE, managed_zone=_NAMED, name=_NAMED, type=_NAMED), "rrsets",
            lambda r, b: {"kind": "dns#resourceRecordSet", "name": r.split("/")[5], "type": r.split("/")[6]}, name_rule=r"[A-Z]+",
        ),
    )
}  # fmt: skip


def relative_of(kind: Kind, arguments: Mapping[str, Any], project: str) -> str:
    """The relative name that arguments make."""
    given = {"project": project, **{n: v for n, v in arguments.items() if isinstance(v, str)}}
    if kind.type == "google_service_account":
        given["account_id"] = f"{given['account_id']}@{given['project']}.iam.gserviceaccount.com"
    return kind.path.format(**given)
