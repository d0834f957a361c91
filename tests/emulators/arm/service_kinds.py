"""Storage, messages, tables, secrets, identities, logs, and the others that deployments name."""

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

from tests.emulators.arm.ids import ArmId
from tests.emulators.arm.kinds import Finder, Kind, Properties, bad, names

_DURATION: Final = re.compile(r"P(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?")
_UUIDS: Final = uuid.UUID("2f0c6c2e-8a5f-5b9a-9d38-2b0b7a9b6d11")
FOREVER: Final = "P10675199DT2H48M5.4775807S"


def _duration(value: Any) -> bool:
    return isinstance(value, str) and value != "P" and bool(_DURATION.fullmatch(value))


def _boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _within(low: int, high: int) -> Any:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _word(*words: Any) -> Any:
    return lambda value: value in words


def _sub(id: ArmId, what: str) -> str:
    return str(uuid.uuid5(_UUIDS, f"{id.key}#{what}"))


def _account(id: ArmId, properties: Properties, location: str) -> Properties:
    ends = {name: f"https://{id.name}.{name}.core.windows.net/" for name in ("blob", "queue", "table", "file")}
    return {"primaryEndpoints": ends, "primaryLocation": location, "statusOfPrimary": "available"}


def _child_of(id: ArmId, properties: Properties, find: Finder) -> None:
    # Services of an account (`blobServices/default`) are always there.
    parent = id.parent
    while parent is not None and parent.name == "default":
        parent = parent.parent
    if parent is not None and find(str(parent)) is None:
        said = f"Can not perform requested operation on nested resource. Parent resource '{parent.name}' not found."
        raise bad(id, said, "ParentResourceNotFound", 404)


def _queue(id: ArmId, properties: Properties, find: Finder) -> None:
    _child_of(id, properties, find)
    for name in ("forwardTo", "forwardDeadLetteredMessagesTo"):
        target = properties.get(name)
        if not target:
            continue
        there = [
            f"{ArmId(id.subscription, id.group, id.namespace, (id.types[0], t), (id.names[0], target))}"
            for t in ("queues", "topics")
        ]
        if all(find(t) is None for t in there):
            raise bad(id, f"SubCode=40000. The {name} destination '{target}' of '{id.name}' does not exist.")


_MESSAGES: Final = {"status": _word("Active", "Disabled", "SendDisabled", "ReceiveDisabled"), **dict.fromkeys(
    ("lockDuration", "defaultMessageTimeToLive", "duplicateDetectionHistoryTimeWindow", "autoDeleteOnIdle"), _duration
), **dict.fromkeys(
    ("requiresDuplicateDetection", "requiresSession", "deadLetteringOnMessageExpiration", "enableBatchedOperations",
     "enablePartitioning", "enableExpress", "supportOrdering", "deadLetteringOnFilterEvaluationExceptions"), _boolean
), "maxDeliveryCount": _within(1, 2000), "maxSizeInMegabytes": _word(1024, 2048, 3072, 4096, 5120, 81920),
    "maxMessageSizeInKilobytes": _within(1, 102400)}  # fmt: skip
_ENTITY: Final = frozenset({*_MESSAGES, "forwardTo", "forwardDeadLetteredMessagesTo"})
_BUS: Final = ("2021-11-01", "2022-10-01-preview", "2024-01-01")
_STORAGE: Final = ("2023-01-01", "2023-05-01")
_VAULT: Final = ("2023-02-01", "2023-07-01")
_COSMOS: Final = ("2023-11-15", "2024-05-15")


def _vault(id: ArmId, properties: Properties, find: Finder) -> None:
    if not isinstance(properties["sku"], Mapping) or properties["sku"].get("name") not in ("standard", "premium"):
        raise bad(id, "The vault's sku must be standard or premium", "VaultSkuInvalid")


def _identity(id: ArmId, properties: Properties, location: str) -> Properties:
    return {"principalId": _sub(id, "principal"), "clientId": _sub(id, "client"), "tenantId": _sub(id, "tenant")}


def _assignment(id: ArmId, properties: Properties, find: Finder) -> None:
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", id.name):
        raise bad(
            id,
            f"The role assignment ID '{id.name}' is not valid. The role assignment ID must be a GUID.",
            "InvalidRoleAssignmentId",
        )


def _postgres(id: ArmId, properties: Properties, find: Finder) -> None:
    if find(str(id)) is None and not properties.get("administratorLoginPassword"):
        raise bad(id, "The administrator login password is required to create a server", "MissingRequiredParameter")
    size, kept = properties["storage"].get("storageSizeGB"), properties["backup"].get("backupRetentionDays")
    if size not in [2**n for n in range(5, 15)]:
        raise bad(id, f"Storage size {size} GB of '{id.name}' is not supported", "InvalidStorageSize")
    if not 7 <= kept <= 35:
        raise bad(id, f"Backup retention of {kept} days of '{id.name}' is not between 7 and 35", "InvalidParameterValue")


def _redis(id: ArmId, properties: Properties, find: Finder) -> None:
    sku = properties["sku"]
    tier = {"Basic": "C", "Standard": "C", "Premium": "P"}.get(sku.get("name"))
    if tier is None or sku.get("family") != tier or not isinstance(sku.get("capacity"), int):
        raise bad(id, f"The sku {sku} of '{id.name}' is not one of a cache", "InvalidRequestBody")


def _redis_state(id: ArmId, properties: Properties, location: str) -> Properties:
    version = {"4": "4.0.14", "6": "6.0.14"}.get(str(properties["redisVersion"]), properties["redisVersion"])
    return {"hostName": f"{id.name}.redis.cache.windows.net", "port": 6379, "sslPort": 6380, "redisVersion": version}


KINDS: Final = (
    Kind(
        "Microsoft.Storage/storageAccounts", _STORAGE, names(r"[a-z0-9]{3,24}"), slow=True, global_name=True,
        computed=_account, fixed=("isHnsEnabled",),
        skus=("Standard_LRS", "Standard_GRS", "Standard_RAGRS", "Standard_ZRS", "Standard_GZRS", "Premium_LRS"),
        allowed=frozenset({
            "accessTier", "allowBlobPublicAccess", "allowSharedKeyAccess", "minimumTlsVersion", "supportsHttpsTrafficOnly",
            "encryption", "networkAcls", "isHnsEnabled", "publicNetworkAccess", "allowCrossTenantReplication",
            "defaultToOAuthAuthentication", "primaryEndpoints", "primaryLocation", "statusOfPrimary", "provisioningState",
        }),
        rules={
            "accessTier": _word("Hot", "Cool", "Cold", "Premium"), "minimumTlsVersion": _word("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"),
            "publicNetworkAccess": _word("Enabled", "Disabled", "SecuredByPerimeter"),
            **dict.fromkeys(("allowBlobPublicAccess", "supportsHttpsTrafficOnly", "isHnsEnabled", "allowSharedKeyAccess"), _boolean),
        },
        defaults={
            "accessTier": "Hot", "supportsHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_0", "allowBlobPublicAccess": False,
            "encryption": {"keySource": "Microsoft.Storage", "services": {"blob": {"enabled": True, "keyType": "Account"}}},
        },
    ),
    Kind("Microsoft.Storage/storageAccounts/blobServices", _STORAGE, names("default"), tracked=False, check=_child_of, deletable=False),
    Kind(
        "Microsoft.Storage/storageAccounts/blobServices/containers", _STORAGE, names(r"[a-z0-9](-?[a-z0-9]){2,62}"), tracked=False,
        check=_child_of, allowed=frozenset({"publicAccess", "metadata", "denyEncryptionScopeOverride", "provisioningState"}),
        rules={"publicAccess": _word("None", "Blob", "Container")}, defaults={"publicAccess": "None"},
    ),
    Kind("Microsoft.Storage/storageAccounts/managementPolicies", _STORAGE, names("default"), tracked=False, check=_child_of),
    *(
        Kind(f"Microsoft.Storage/storageAccounts/{service}", _STORAGE, tracked=False, check=_child_of)
        for service in ("queueServices", "queueServices/queues", "tableServices", "tableServices/tables")
    ),
    Kind(
        "Microsoft.ServiceBus/namespaces", _BUS, names(r"[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]"), slow=True, global_name=True,
        skus=("Basic", "Standard", "Premium"),
        computed=lambda id, properties, location: {"serviceBusEndpoint": f"https://{id.name}.servicebus.windows.net:443/", "status": "Active"},
    ),
    Kind(
        "Microsoft.ServiceBus/namespaces/queues", _BUS, tracked=False, check=_queue, allowed=_ENTITY | {"provisioningState"}, rules=_MESSAGES,
        fixed=("requiresDuplicateDetection", "requiresSession", "enablePartitioning"),
        defaults={
            "lockDuration": "PT1M", "maxSizeInMegabytes": 1024, "requiresDuplicateDetection": False, "requiresSession": False,
            "defaultMessageTimeToLive": FOREVER, "deadLetteringOnMessageExpiration": False, "maxDeliveryCount": 10,
            "duplicateDetectionHistoryTimeWindow": "PT10M", "enableBatchedOperations": True, "status": "Active",
            "autoDeleteOnIdle": FOREVER, "enablePartitioning": False, "enableExpress": False,
        },
    ),
    Kind(
        "Microsoft.ServiceBus/namespaces/topics", _BUS, tracked=False, check=_child_of, allowed=_ENTITY | {"provisioningState"}, rules=_MESSAGES,
        fixed=("requiresDuplicateDetection", "enablePartitioning"),
        defaults={
            "defaultMessageTimeToLive": FOREVER, "maxSizeInMegabytes": 1024, "requiresDuplicateDetection": False,
            "duplicateDetectionHistoryTimeWindow": "PT10M", "enableBatchedOperations": True, "status": "Active",
            "supportOrdering": True, "autoDeleteOnIdle": FOREVER, "enablePartitioning": False, "enableExpress": False,
        },
    ),
    Kind(
        "Microsoft.ServiceBus/namespaces/topics/subscriptions", _BUS, tracked=False, check=_child_of, rules=_MESSAGES,
        defaults={"lockDuration": "PT1M", "maxDeliveryCount": 10, "status": "Active", "defaultMessageTimeToLive": FOREVER},
    ),
    Kind(
        "Microsoft.KeyVault/vaults", _VAULT, names(r"[A-Za-z]([A-Za-z0-9]|-(?!-)){1,22}[A-Za-z0-9]"), global_name=True, check=_vault,
        required=("sku", "tenantId"), computed=lambda id, properties, location: {"vaultUri": f"https://{id.name}.vault.azure.net/"},
    ),
    Kind(
        "Microsoft.KeyVault/vaults/secrets", _VAULT, names(r"[A-Za-z0-9-]{1,127}"), tracked=False, check=_child_of, hidden=("value",),
        deletable=False, allowed=frozenset({"value", "contentType", "attributes", "secretUri", "provisioningState"}),
        defaults={"attributes": {"enabled": True}},
        computed=lambda id, properties, location: {"secretUri": f"https://{id.names[0]}.vault.azure.net/secrets/{id.name}"},
    ),
    Kind("Microsoft.ManagedIdentity/userAssignedIdentities", ("2018-11-30", "2023-01-31"), computed=_identity),
    Kind(
        "Microsoft.Authorization/roleAssignments", ("2022-04-01",), tracked=False, check=_assignment,
        required=("roleDefinitionId", "principalId"), fixed=("roleDefinitionId", "principalId"),
    ),
    Kind("Microsoft.Authorization/roleDefinitions", ("2022-04-01",), tracked=False),
    Kind(
        "Microsoft.OperationalInsights/workspaces", ("2022-10-01", "2023-09-01"), names(r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]"),
        rules={"retentionInDays": _within(7, 730)}, defaults={"retentionInDays": 30, "sku": {"name": "PerGB2018"}},
        computed=lambda id, properties, location: {"customerId": _sub(id, "customer")},
    ),
    Kind("Microsoft.DocumentDB/databaseAccounts", _COSMOS, names(r"[a-z0-9][a-z0-9-]{1,42}[a-z0-9]"), slow=True, global_name=True,
         computed=lambda id, properties, location: {"documentEndpoint": f"https://{id.name}.documents.azure.com:443/"}),
    Kind("Microsoft.DocumentDB/databaseAccounts/sqlDatabases", _COSMOS, tracked=False, check=_child_of),
    Kind("Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers", _COSMOS, tracked=False, check=_child_of, required=("resource",)),
    Kind(
        "Microsoft.Cache/redis", ("2023-08-01", "2024-03-01"), names(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,62}"), slow=True, global_name=True,
        required=("sku",), check=_redis, rules={"enableNonSslPort": _boolean, "minimumTlsVersion": _word("1.0", "1.1", "1.2")},
        defaults={"enableNonSslPort": False, "redisVersion": "6", "publicNetworkAccess": "Enabled"}, computed=_redis_state,
    ),
    Kind(
        "Microsoft.DBforPostgreSQL/flexibleServers", ("2022-12-01", "2023-12-01-preview", "2024-08-01"),
        names(r"[a-z0-9](-?[a-z0-9]){2,62}"), slow=True, global_name=True, required=("version", "storage", "administratorLogin"),
        hidden=("administratorLoginPassword",), fixed=("administratorLogin",), check=_postgres,
        rules={"version": _word("11", "12", "13", "14", "15", "16", "17")},
        defaults={
            "backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Disabled"}, "highAvailability": {"mode": "Disabled"},
            "network": {"publicNetworkAccess": "Enabled"},
        },
        computed=lambda id, properties, location: {"fullyQualifiedDomainName": f"{id.name}.postgres.database.azure.com", "state": "Ready"},
    ),
    Kind("Microsoft.DBforPostgreSQL/flexibleServers/databases", ("2022-12-01", "2024-08-01"), tracked=False, check=_child_of),
)  # fmt: skip
