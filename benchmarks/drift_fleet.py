"""A million resources that are as somebody wants them, nearly, and what a scan says about them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from deployforge_chassis import packed
from deployforge_chassis.canonical import dumps
from deployforge_drift_detector.domain.desired import Desired

PER_BATCH: Final = 500
PARTITIONS: Final = 8
_DEPLOYMENTS: Final = 64
_POLICY: Final = {
    "Statement": [{"Action": "sqs:SendMessage", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}}]
}


@dataclass(frozen=True)
class Fleet:
    """`count` resources in shards of equal size; each has thirteen attributes of its own, three levels deep."""

    count: int
    shards: int = 64

    @property
    def per_shard(self) -> int:
        return self.count // self.shards

    @cached_property
    def deployments(self) -> Sequence[UUID]:
        return [uuid5(NAMESPACE_URL, f"bench-{n}") for n in range(_DEPLOYMENTS)]

    def shard(self, n: int) -> str:
        return f"aws:000000000000:eu-west-1:{n // self.per_shard:02d}"

    def partition(self, shard: int) -> int:
        return shard % PARTITIONS

    @cached_property
    def desired(self) -> Sequence[Desired]:
        return [self._desired(n) for n in range(self.count)]

    def _desired(self, n: int) -> Desired:
        return Desired(
            urn=f"urn:df:bench:fleet:r{n}", deployment_id=self.deployments[n // self.per_shard % _DEPLOYMENTS],
            namespace="bench", name="fleet", version=1, desired_version=1, shard=self.shard(n), every_seconds=60,
            resource=f"r{n}", type="Queue", physical_id=f"q{n}", criticality="normal", generation=2,
            properties={
                "delay": 0, "encryption": True, "fifo": False, "maxReceives": 5, "maxSize": 262144, "name": f"orders-{n}",
                "policy": _POLICY, "retention": 1209600, "visibilityTimeout": 30,
                "tags": {"cost": str(n % 977), "env": "production", "team": f"team-{n % 40}"},
            },
        )  # fmt: skip

    @cached_property
    def keys(self) -> Sequence[bytes]:
        return [packed.key(one.deployment_id, one.urn) for one in self.desired]

    @cached_property
    def bodies(self) -> Sequence[bytes]:
        """Of each as it is desired."""
        return [dumps(one.properties).encode() for one in self.desired]

    @cached_property
    def digests(self) -> Sequence[bytes]:
        """Of each body."""
        return [packed.digest(body) for body in self.bodies]

    def prepare(self) -> None:
        """Make all that processes forked from this one will share."""
        _ = self.keys, self.digests

    def batches(self, sequence: int, body: Callable[[int], dict[str, Any]]) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """(partition, shard, value as Avro has it) of a whole scan of every shard, interleaved as scans are; `body` gives
        what differs from the desired properties of a resource.
        """
        per_shard = self.per_shard
        for start in range(0, per_shard, PER_BATCH):
            for shard in range(self.shards):
                first = shard * per_shard + start
                last = min(first + PER_BATCH, (shard + 1) * per_shard)
                name = self.shard(first)
                yield self.partition(shard), name, self.batch(sequence, name, range(first, last), body, start // PER_BATCH)

    def batch(
        self, sequence: int, shard: str, members: Sequence[int], body: Callable[[int], dict[str, Any]], number: int = 0
    ) -> dict[str, Any]:
        """One batch, observed now."""
        bodies, digests = [], []
        for n in members:
            if differs := body(n):
                bodies.append(dumps({**self.desired[n].properties, **differs}).encode())
                digests.append(packed.digest(bodies[-1]))
            else:
                bodies.append(self.bodies[n])
                digests.append(self.digests[n])
        return {
            "scan_id": f"scan-{sequence}", "shard": shard, "sequence": sequence, "batch": number, "last": False,
            "observed_at": datetime.now(UTC), "observations": [], "ids": b"".join(self.keys[n] for n in members),
            "presences": b"\1" * len(members), "generations": packed.numbers([2] * len(members)),
            "digests": b"".join(digests), "ends": packed.ends(bodies), "bodies": b"".join(bodies),
        }  # fmt: skip


def steady(turn: int, *, later: bool) -> Callable[[int], dict[str, Any]]:
    """What a scan finds: 1 % has drifted long since; `later`, 2 % hold another value that nobody declared, and 0.1 %
    drift anew.
    """

    def body(n: int) -> dict[str, Any]:
        if n % 100 == 50 or (n % 1000 < turn + later and n % 1000 < 50):
            return {"visibilityTimeout": 45}
        return {"approximateMessages": turn} if later and n % 50 == 7 else {}

    return body
