"""API versions. Those of ARM itself and of the mapped types are pinned: a version is a contract, and an unpinned one
changes what is read. Types that are not mapped take the version that their declaration names."""

from collections.abc import Mapping
from typing import Final

#: Resource groups, deployments, resources by id; the contract that the tests hold is of this version.
ARM: Final = "2021-04-01"
GRAPH: Final = "2021-03-01"

_RECORDS: Final = ("recordsets", "A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT")

PINNED: Final[Mapping[str, str]] = {
    "Microsoft.Network/virtualNetworks": "2024-05-01",
    "Microsoft.Network/virtualNetworks/subnets": "2024-05-01",
    "Microsoft.Network/networkSecurityGroups": "2024-05-01",
    "Microsoft.Network/publicIPAddresses": "2024-05-01",
    "Microsoft.Network/networkInterfaces": "2024-05-01",
    "Microsoft.Network/loadBalancers": "2024-05-01",
    "Microsoft.Network/routeTables": "2024-05-01",
    "Microsoft.Network/dnsZones": "2018-05-01",
    **dict.fromkeys((f"Microsoft.Network/dnsZones/{record}" for record in _RECORDS), "2018-05-01"),
    "Microsoft.Storage/storageAccounts": "2023-05-01",
    "Microsoft.Storage/storageAccounts/blobServices": "2023-05-01",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "2023-05-01",
    "Microsoft.ServiceBus/namespaces": "2021-11-01",
    "Microsoft.ServiceBus/namespaces/queues": "2021-11-01",
    "Microsoft.ServiceBus/namespaces/topics": "2021-11-01",
    "Microsoft.ServiceBus/namespaces/topics/subscriptions": "2021-11-01",
    "Microsoft.DocumentDB/databaseAccounts": "2024-05-15",
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases": "2024-05-15",
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers": "2024-05-15",
    "Microsoft.KeyVault/vaults": "2023-07-01",
    "Microsoft.KeyVault/vaults/secrets": "2023-07-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2023-01-31",
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.OperationalInsights/workspaces": "2023-09-01",
    "Microsoft.Web/serverfarms": "2023-12-01",
    "Microsoft.Web/sites": "2023-12-01",
    "Microsoft.Web/sites/config": "2023-12-01",
    "Microsoft.Cache/redis": "2024-03-01",
    "Microsoft.DBforPostgreSQL/flexibleServers": "2024-08-01",
    "Microsoft.Compute/virtualMachines": "2024-07-01",
    "Microsoft.Compute/virtualMachines/extensions": "2024-07-01",
    "Microsoft.Compute/sshPublicKeys": "2024-07-01",
}
_LOW: Final = {name.lower(): (name, version) for name, version in PINNED.items()}


def pinned(type: str) -> str | None:
    """The version of a type, if it is one of ours."""
    found = _LOW.get(type.lower())
    return None if found is None else found[1]
