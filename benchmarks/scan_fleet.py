"""Queues, topics, tables and buckets that are as they are declared, in an emulated AWS."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from deployforge_drift_detector.domain.desired import Desired
from deployforge_mcal.adapters.aws.kinds import KINDS
from deployforge_mcal.adapters.aws.provider import AwsProvider
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.application.messages import DesiredState
from deployforge_mcal.application.ports import CloudProvider
from deployforge_mcal.domain.operation import Grant
from deployforge_mcal.domain.units import CompiledResource, ResourceSpec, Scope, UnitSpec

ACCOUNT: Final = "000000000000"
REGION: Final = "eu-west-1"
_ELSEWHERE: Final = "eu-central-1"
SHARDS: Final = 16
_PER_UNIT: Final = 50
_TAGS: Final = {"env": "bench", "team": "shop"}
#: Type → what is declared, beside the name.
TYPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "Queue": {"visibilityTimeout": "30s", "messageRetention": "4d", "encrypted": True, "tags": _TAGS},
    "Topic": {"displayName": "Orders", "tags": _TAGS},
    "Table": {"hashKey": {"name": "id", "type": "S"}, "pointInTimeRecovery": True, "tags": _TAGS},
    "ObjectStore": {"versioning": True, "encryption": "AES256", "publicAccess": "blocked", "tags": _TAGS},
}


@dataclass(frozen=True)
class Made:
    """A resource, and what it is in the cloud."""

    compiled: CompiledResource
    physical_id: str
    deployment_id: UUID
    scope: Scope
    shard: str

    def for_mcal(self) -> DesiredState:
        """As mcal keeps it."""
        return DesiredState(
            str(self.deployment_id), self.compiled.urn, 1, self.shard, self.compiled.type, self.scope.provider_type,
            self.scope.account, self.scope.location, self.scope.credential_ref, "bench/0.0", self.physical_id,
        )  # fmt: skip

    def for_the_detector(self) -> Desired:
        """As the drift detector keeps it."""
        return Desired(
            urn=self.compiled.urn, deployment_id=self.deployment_id, namespace="bench", name=self.shard[-2:], version=1,
            desired_version=1, shard=self.shard, every_seconds=3600, resource=self.compiled.name, type=self.compiled.type,
            physical_id=self.physical_id, criticality="normal", generation=0, properties=dict(self.compiled.desired),
            set_paths=frozenset(self.compiled.set_paths),
        )  # fmt: skip


def made(endpoint: str, key: str, count: int, credential: str) -> list[Made]:
    """So many resources, an equal number of each type, in sixteen shards."""
    session = _session(endpoint, key, REGION)
    scope = Scope("aws", ACCOUNT, REGION, credential)
    specs = [_spec(n, list(TYPES)[n % len(TYPES)]) for n in range(count)]

    def make(one: CompiledResource) -> str:
        kind = KINDS[one.type]
        return kind.create(session, str(one.desired["name"]), kind.to_native(one.desired))

    with ThreadPoolExecutor(8) as pool:
        compiled = compiled_of(AwsProvider(), scope, specs)
        ids = list(pool.map(make, compiled))
    return [placed(one, id, scope, n) for n, (one, id) in enumerate(zip(compiled, ids, strict=True))]


def listed(endpoint: str, key: str, count: int, credential: str) -> list[Made]:
    """So many subnets, which AWS describes two hundred at a time, in a region of their own."""
    session, scope = _session(endpoint, key, _ELSEWHERE), Scope("aws", ACCOUNT, _ELSEWHERE, credential)
    vpc = session.call("ec2", "create_vpc", CidrBlock="10.0.0.0/8")["Vpc"]["VpcId"]
    ranges = ip_network("10.0.0.0/8").subnets(new_prefix=28)
    specs = [
        ResourceSpec(f"urn:df:list:fleet:r{n}", f"r{n}", "Subnet", {"network": vpc, "cidr": str(cidr), "tags": _TAGS})
        for n, cidr in zip(range(count), ranges, strict=False)
    ]
    tags = [{"ResourceType": "subnet", "Tags": [{"Key": key, "Value": value} for key, value in _TAGS.items()]}]

    def make(one: CompiledResource) -> str:
        asked = {"VpcId": vpc, "CidrBlock": one.desired["cidr"], "TagSpecifications": tags}
        return str(session.call("ec2", "create_subnet", **asked)["Subnet"]["SubnetId"])

    compiled = compiled_of(AwsProvider(), scope, specs)
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(make, compiled))
    return [placed(one, id, scope, n) for n, (one, id) in enumerate(zip(compiled, ids, strict=True))]


def _session(endpoint: str, key: str, region: str) -> AwsSession:
    keys = {"AccessKeyId": key, "SecretAccessKey": key}
    return AwsSession(Grant("", "bench", (), (), False, datetime.now(UTC)), keys, region, endpoint)


def placed(one: CompiledResource, id: str, scope: Scope, number: int) -> Made:
    """Resource number so and so, in its shard."""
    bucket = number % SHARDS
    shard = f"{scope.provider_type}:{scope.account}:{scope.location}:{bucket:02d}"
    return Made(one, id, uuid5(NAMESPACE_URL, f"bench-{bucket}"), scope, shard)


def _spec(number: int, type: str) -> ResourceSpec:
    name = f"df-bench-{type.lower()}-{number}"
    return ResourceSpec(f"urn:df:bench:fleet:r{number}", f"r{number}", type, {"name": name, **TYPES[type]})


def compiled_of(provider: CloudProvider, scope: Scope, specs: Sequence[ResourceSpec]) -> list[CompiledResource]:
    """What is wanted of each, in units that every cloud takes."""
    found: list[CompiledResource] = []
    for at in range(0, len(specs), _PER_UNIT):
        unit = UnitSpec("d", "bench/0.0", "df-bench", scope, tuple(specs[at : at + _PER_UNIT]))
        found += provider.compile(unit).resources
    return found
