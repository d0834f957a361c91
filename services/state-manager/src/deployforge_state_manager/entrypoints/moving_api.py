"""Streams of `State`: watching, and moving a history in and out."""

import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping
from typing import Final

import grpc
from deployforge.common.v1 import common_pb2
from deployforge.state_manager.v1 import state_pb2 as pb
from deployforge_chassis.grpc_server import principal

from deployforge_state_manager.application.changes import Changes
from deployforge_state_manager.application.cursors import closed, number
from deployforge_state_manager.application.moving import DeploymentExists, Moving
from deployforge_state_manager.domain.chain import BadHistory, UntrustedSigner
from deployforge_state_manager.entrypoints import messages

_CHUNK_BYTES: Final = 256 * 1024
_FILE_BYTES_AT_MOST: Final = 512 * 1024 * 1024
_IN_MEMORY_BYTES: Final = 8 * 1024 * 1024
_POLL_SECONDS: Final = 0.25


class TooLarge(ValueError):
    """A file is larger than is read."""

    def __init__(self) -> None:
        super().__init__(f"a history is read up to {_FILE_BYTES_AT_MOST // 2**20} MiB")


STATUS_OF: Final[Mapping[type[Exception], grpc.StatusCode]] = {
    BadHistory: grpc.StatusCode.INVALID_ARGUMENT,
    TooLarge: grpc.StatusCode.INVALID_ARGUMENT,
    UntrustedSigner: grpc.StatusCode.FAILED_PRECONDITION,
    DeploymentExists: grpc.StatusCode.ALREADY_EXISTS,
}


class Streams:
    """What the methods of `StateApi` that stream do."""

    def __init__(self, changes: Changes, moving: Moving) -> None:
        self._changes, self._moving = changes, moving

    def watch(self, request: pb.WatchRequest, context: grpc.ServicerContext) -> Iterator[pb.WatchResponse]:
        """Tell what is new until the caller goes away."""
        position = 0 if request.from_start else self._changes.end()
        if request.cursor:
            position = number(request.cursor)
        gone = threading.Event()
        context.add_callback(gone.set)
        where, reach = request.deployment, _reach(context)
        while not gone.is_set():
            for change in self._changes.after(position, where.namespace, where.name, reach):
                position = change.position
                yield messages.change(change, closed(str(position)))
            gone.wait(_POLL_SECONDS)

    def export(self, request: pb.ExportRequest, context: grpc.ServicerContext) -> Iterator[pb.ExportResponse]:
        """The file, in parts."""
        part = b""
        for line in self._moving.export(request.deployment.namespace, request.deployment.name):
            part += line
            if len(part) >= _CHUNK_BYTES:
                yield pb.ExportResponse(data=part)
                part = b""
        yield pb.ExportResponse(data=part)

    def take_over(self, requests: Iterator[pb.ImportRequest], context: grpc.ServicerContext) -> pb.ImportResponse:
        """Take the whole file, then all of it or nothing."""
        signer, size = "", 0
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
            for request in requests:
                signer = request.signer or signer
                size += len(request.data)
                if size > _FILE_BYTES_AT_MOST:
                    raise TooLarge
                file.write(request.data)
            file.seek(0)
            who = principal(context)
            header, signed_by, events = self._moving.take_over(file, signer, who.subject if who else "")
        return pb.ImportResponse(
            deployment=common_pb2.DeploymentRef(namespace=header["namespace"], name=header["name"]),
            versions=header["versions"], resources=header["resources"], events=events, signer=signed_by,
        )  # fmt: skip


def _reach(context: grpc.ServicerContext) -> Collection[str] | None:
    who = principal(context)
    return None if who is None or "*" in who.namespaces else who.namespaces
