"""`common.v1.Keys`: what a service tells about its keys, and how they are rotated."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import grpc
from deployforge.common.v1 import keys_pb2, keys_pb2_grpc

from deployforge_chassis.database import Database
from deployforge_chassis.rotation import NotReencrypted, Rotation, RotationRunning
from deployforge_chassis.sealer import Sealer

STATUS_OF: Final[Mapping[type[Exception], grpc.StatusCode]] = {
    RotationRunning: grpc.StatusCode.ABORTED,
    NotReencrypted: grpc.StatusCode.FAILED_PRECONDITION,
}

_COUNTS: Final = (
    "SELECT count(DISTINCT owner) FILTER (WHERE wrapped IS NOT NULL) AS owners, "
    "count(DISTINCT owner) FILTER (WHERE shredded_at IS NOT NULL) AS shredded, "
    "count(*) FILTER (WHERE wrapped IS NOT NULL AND provider_version < %s) AS stale, "
    "max(created_at) FILTER (WHERE wrapped IS NOT NULL) AS newest_at FROM data_keys"
)
_STATE: Final = "SELECT generation, coalesce(job, '') AS job FROM key_state"


class ServiceKeys:
    """The keys of this service, as the contract tells them."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer
        self._rotation = Rotation(database, sealer, sealer.provider)

    def status(self) -> keys_pb2.KeyStatusResponse:
        """Raises KeyUnavailable while the provider is away."""
        provider = self._sealer.provider
        versions = provider.versions()
        counts, state = self._database.one(_COUNTS, (versions[-1],)), self._database.one(_STATE)
        assert counts is not None
        assert state is not None
        status = keys_pb2.KeyStatusResponse(
            provider=provider.scheme,
            versions=versions,
            minimum_version=provider.minimum_version(),
            owners=counts["owners"],
            shredded=counts["shredded"],
            stale=counts["stale"],
            generation=state["generation"],
            unfinished=state["job"],
        )
        if counts["newest_at"] is not None:
            status.newest_at.FromDatetime(counts["newest_at"])
        return status

    def rotate(self, *, reencrypt: bool) -> Iterator[keys_pb2.RotateKeysResponse]:
        """See Rotation.run."""
        for progress in self._rotation.run(reencrypt=reencrypt):
            yield keys_pb2.RotateKeysResponse(step=progress.step, done=progress.done, total=progress.total)


class KeysServicer(keys_pb2_grpc.KeysServicer):
    """Serves ServiceKeys."""

    def __init__(self, keys: ServiceKeys) -> None:
        self._keys = keys

    def KeyStatus(self, request: keys_pb2.KeyStatusRequest, context: Any) -> keys_pb2.KeyStatusResponse:
        """See the contract."""
        return self._keys.status()

    def RotateKeys(self, request: keys_pb2.RotateKeysRequest, context: Any) -> Iterator[keys_pb2.RotateKeysResponse]:
        """See the contract."""
        yield from self._keys.rotate(reencrypt=request.reencrypt)
