"""Which resources are looked at first, and which more often, when there is more to look at than can be done at once.

What decides who may do what, what is reachable, and where data is comes before everything else; so does what its
manifest calls critical. A type with an interval of its own is looked at alone, between the looks at a whole shard.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

#: Types, as they are declared: unified ones, and patterns of native ones of every cloud.
SENSITIVE: Final = (
    "Role", "SecurityGroup", "ObjectStore", "Database", "Secret",
    "aws/AWS::IAM::*", "aws/AWS::EC2::SecurityGroup*", "aws/AWS::S3::*", "aws/AWS::RDS::*", "aws/AWS::KMS::*",
    "aws/AWS::SecretsManager::*", "aws/AWS::EC2::NetworkAcl*",
    "azure/Microsoft.Authorization/*", "azure/Microsoft.ManagedIdentity/*",
    "azure/Microsoft.Network/networkSecurityGroups*", "azure/Microsoft.Storage/*",
    "azure/Microsoft.DBfor*", "azure/Microsoft.Sql/*", "azure/Microsoft.KeyVault/*",
    "gcp/google_*_iam_*", "gcp/google_service_account*", "gcp/google_compute_firewall*", "gcp/google_storage_bucket*",
    "gcp/google_sql_*", "gcp/google_secret_manager_*", "gcp/google_kms_*",
    "terraform/aws_iam_*", "terraform/aws_security_group*", "terraform/aws_s3_*", "terraform/aws_db_*",
    "terraform/azurerm_role_*", "terraform/azurerm_network_security_*", "terraform/azurerm_storage_*",
    "terraform/google_*_iam_*", "terraform/google_compute_firewall*", "terraform/google_storage_bucket*",
)  # fmt: skip
_CRITICAL: Final = "high"
_KNOWN: Final = 4096

Kind = tuple[str, str]
"""Type and criticality."""


@dataclass(frozen=True)
class Wishes:
    """What the resources of a shard want, without the resources."""

    seconds: Collection[int]
    """The different intervals."""
    kinds: Collection[Kind]
    """What there is of them."""


@lru_cache(maxsize=_KNOWN)
def sensitive(type: str) -> bool:
    """Whether a change of such a resource may open something."""
    return any(fnmatchcase(type, pattern) for pattern in SENSITIVE)


def urgency(kinds: Collection[Kind]) -> int:
    """Of a shard: that of its most urgent resource. Critical counts 2, sensitive 1."""
    return max((2 * (criticality == _CRITICAL) + sensitive(type) for type, criticality in kinds), default=0)


class Intervals:
    """Types that are looked at more often than their deployments ask for."""

    def __init__(self, by_type: Mapping[str, int]) -> None:
        """Type, or a pattern of types → seconds."""
        self._by_type = dict(by_type)

    def of(self, type: str) -> int | None:
        """The shortest that is set for a type, in seconds."""
        return min((seconds for pattern, seconds in self._by_type.items() if fnmatchcase(type, pattern)), default=None)

    def shortest(self, kinds: Collection[Kind]) -> int | None:
        """Of all that there is."""
        return min((found for type, _ in kinds if (found := self.of(type)) is not None), default=None)
