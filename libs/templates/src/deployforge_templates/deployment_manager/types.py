"""Deployment Manager's types as resources of Terraform's `google` provider, property by property.

Deployment Manager called REST: its properties are those of a service's own API. A property that is not listed has no
counterpart that is known to be the same, and is refused. Source: Google's REST references; the provider's, version 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

Spec = Mapping[str, "str | Nested"]
"""Property of REST → argument, or what is in it. Empty: nobody needs it; `=VALUE`: it may say that and nothing else."""


@dataclass(frozen=True)
class Nested:
    """Something with properties of its own. `items`: a list of them; `inlined`: its arguments stand one level higher."""

    argument: str
    properties: Spec
    items: bool = False
    inlined: bool = False


@dataclass(frozen=True)
class GoogleType:
    """One type. `named`: the argument that is its name, and the property that says it."""

    terraform: str
    properties: Spec
    named: tuple[str, str] = ("name", "name")
    told: Mapping[str, str] = field(default_factory=dict)
    """What references may ask for beside the properties."""
    required: tuple[str, ...] = ()
    """What has another default in REST than in Terraform, so that it must be said."""


#: Properties that hold the URL of something and whose argument is its last part.
SHORT: Final = frozenset({"region", "zone", "machineType", "type", "diskType"})
#: Lists of {key, value} that are mappings in Terraform, and lists in a mapping.
ITEMS: Final = frozenset({"metadata", "tags"})

_LINK: Final = {"selfLink": "self_link"}
_PORTS: Final[Spec] = {"IPProtocol": "protocol", "ports": "ports"}
_DISK: Final[Spec] = {
    "boot": "boot", "autoDelete": "auto_delete", "deviceName": "device_name", "mode": "mode", "source": "source",
    "type": "=PERSISTENT",
    "initializeParams": Nested("initialize_params", {
        "sourceImage": "image", "diskSizeGb": "size", "diskType": "type", "labels": "labels",
    }),
}  # fmt: skip
_INTERFACE: Final[Spec] = {
    "network": "network", "subnetwork": "subnetwork", "networkIP": "network_ip",
    "accessConfigs": Nested("access_config", {
        "natIP": "nat_ip", "networkTier": "network_tier", "name": "", "type": "=ONE_TO_ONE_NAT",
    }, items=True),
}  # fmt: skip

TYPES: Final[Mapping[str, GoogleType]] = {
    "compute.v1.network": GoogleType("google_compute_network", {
        "autoCreateSubnetworks": "auto_create_subnetworks", "description": "description", "mtu": "mtu",
        "routingConfig": Nested("", {"routingMode": "routing_mode"}, inlined=True),
    }, told={**_LINK, "gatewayIPv4": "gateway_ipv4"}, required=("autoCreateSubnetworks",)),
    "compute.v1.subnetwork": GoogleType("google_compute_subnetwork", {
        "network": "network", "ipCidrRange": "ip_cidr_range", "region": "region", "description": "description",
        "privateIpGoogleAccess": "private_ip_google_access", "purpose": "purpose", "role": "role",
        "secondaryIpRanges": Nested("secondary_ip_range", {
            "rangeName": "range_name", "ipCidrRange": "ip_cidr_range",
        }, items=True),
    }, told={**_LINK, "gatewayAddress": "gateway_address"}),
    "compute.v1.firewall": GoogleType("google_compute_firewall", {
        "network": "network", "description": "description", "direction": "direction", "priority": "priority",
        "sourceRanges": "source_ranges", "destinationRanges": "destination_ranges", "sourceTags": "source_tags",
        "targetTags": "target_tags", "sourceServiceAccounts": "source_service_accounts",
        "targetServiceAccounts": "target_service_accounts", "disabled": "disabled",
        "allowed": Nested("allow", _PORTS, items=True), "denied": Nested("deny", _PORTS, items=True),
    }, told=_LINK),
    "compute.v1.address": GoogleType("google_compute_address", {
        "region": "region", "address": "address", "addressType": "address_type", "description": "description",
        "subnetwork": "subnetwork", "networkTier": "network_tier", "purpose": "purpose",
    }, told=_LINK),
    "compute.v1.globalAddress": GoogleType("google_compute_global_address", {
        "address": "address", "addressType": "address_type", "description": "description", "ipVersion": "ip_version",
        "network": "network", "prefixLength": "prefix_length", "purpose": "purpose",
    }, told=_LINK),
    "compute.v1.route": GoogleType("google_compute_route", {
        "network": "network", "destRange": "dest_range", "priority": "priority", "tags": "tags",
        "description": "description", "nextHopGateway": "next_hop_gateway", "nextHopIp": "next_hop_ip",
    }, told=_LINK),
    "compute.v1.disk": GoogleType("google_compute_disk", {
        "zone": "zone", "sizeGb": "size", "type": "type", "sourceImage": "image", "sourceSnapshot": "snapshot",
        "labels": "labels", "description": "description",
    }, told=_LINK),
    "compute.v1.instance": GoogleType("google_compute_instance", {
        "zone": "zone", "machineType": "machine_type", "description": "description", "labels": "labels",
        "canIpForward": "can_ip_forward", "hostname": "hostname", "tags": "tags", "metadata": "metadata",
        "deletionProtection": "deletion_protection",
        "disks": Nested("disk", _DISK, items=True),
        "networkInterfaces": Nested("network_interface", _INTERFACE, items=True),
        "serviceAccounts": Nested("service_account", {"email": "email", "scopes": "scopes"}, items=True),
    }, told=_LINK),
    "storage.v1.bucket": GoogleType("google_storage_bucket", {
        "location": "location", "storageClass": "storage_class", "labels": "labels", "project": "project",
        "versioning": Nested("versioning", {"enabled": "enabled"}),
        "website": Nested("website", {"mainPageSuffix": "main_page_suffix", "notFoundPage": "not_found_page"}),
        "iamConfiguration": Nested("", {
            "publicAccessPrevention": "public_access_prevention",
            "uniformBucketLevelAccess": Nested("", {"enabled": "uniform_bucket_level_access"}, inlined=True),
        }, inlined=True),
    }, told={**_LINK, "url": "url"}, required=("location",)),
    "pubsub.v1.topic": GoogleType("google_pubsub_topic", {
        "labels": "labels", "messageRetentionDuration": "message_retention_duration",
    }, named=("name", "topic"), told={"name": "id"}),
    "pubsub.v1.subscription": GoogleType("google_pubsub_subscription", {
        "topic": "topic", "ackDeadlineSeconds": "ack_deadline_seconds", "retainAckedMessages": "retain_acked_messages",
        "messageRetentionDuration": "message_retention_duration", "labels": "labels",
        "pushConfig": Nested("push_config", {"pushEndpoint": "push_endpoint"}),
    }, named=("name", "subscription"), told={"name": "id"}),
    "iam.v1.serviceAccount": GoogleType("google_service_account", {
        "displayName": "display_name", "description": "description",
    }, named=("account_id", "accountId"), told={"email": "email", "uniqueId": "unique_id", "name": "name"}),
    "dns.v1.managedZone": GoogleType("google_dns_managed_zone", {
        "dnsName": "dns_name", "description": "description", "labels": "labels", "visibility": "visibility",
    }),
}  # fmt: skip


def named(kind: str) -> str:
    """The type that a name stands for: `gcp-types/compute-v1:networks` is `compute.v1.network`; else the name itself."""
    api, colon, collection = kind.removeprefix("gcp-types/").partition(":")
    service, dash, version = api.rpartition("-")
    if not kind.startswith("gcp-types/") or not colon or not dash:
        return kind
    last = collection.rpartition(".")[2]
    one = {"addresses": "address", "globalAddresses": "globalAddress"}.get(last, last.removesuffix("s"))
    return f"{service}.{version}.{one}"
