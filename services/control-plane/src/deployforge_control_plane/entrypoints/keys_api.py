"""Keys: asks every service for its own, side by side, and gives the result of each."""

import queue
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import copy_context
from dataclasses import replace
from typing import Any, Final

import grpc
from deployforge.common.v1 import keys_pb2, keys_pb2_grpc
from deployforge.control_plane.v1 import keys_pb2 as pb
from deployforge.control_plane.v1 import keys_pb2_grpc as pb_grpc
from deployforge_chassis.identity import CONTROL_PLANE, SERVICES
from deployforge_chassis.keys_service import ServiceKeys

from deployforge_control_plane.application.access import REFUSED
from deployforge_control_plane.application.control_plane import ControlPlane
from deployforge_control_plane.application.views import AuditRecord
from deployforge_control_plane.domain.access import EVERYWHERE
from deployforge_control_plane.domain.refusals import BadRequest
from deployforge_control_plane.entrypoints.admission import Admission

_KEYS: Final = "/deployforge.control_plane.v1.Keys/"
_STATUS_SECONDS: Final = 10.0


class KeysApi(pb_grpc.KeysServicer):
    """See the contract for what each method promises. `channels` by service name."""

    def __init__(self, app: ControlPlane, admission: Admission, channels: Mapping[str, grpc.Channel]) -> None:
        self._app, self._admission = app, admission
        self._own = ServiceKeys(app.database, app.sealer)
        stub: Any = keys_pb2_grpc.KeysStub
        self._others = {name: stub(channel) for name, channel in channels.items() if name != CONTROL_PLANE}

    def Status(self, request: pb.KeysStatusRequest, context: grpc.ServicerContext) -> pb.KeysStatusResponse:
        self._admission.admit(f"{_KEYS}Status", context, EVERYWHERE)
        return pb.KeysStatusResponse(services=[self._status(name) for name in SERVICES])

    def Rotate(self, request: pb.KeysRotateRequest, context: grpc.ServicerContext) -> Iterator[pb.KeysRotateResponse]:
        method = f"{_KEYS}Rotate"
        me = self._admission.admit(method, context, EVERYWHERE)
        record = replace(self._admission.record(me, method), detail=_told(request))
        with self._admission.audited(method, record):
            names = _named(request.services)
        # On record before anything changes; the result of each service follows.
        self._app.note(record)
        yield from self._rotated(names, request.reencrypt, record)

    def _status(self, name: str) -> pb.ServiceKeys:
        try:
            if name == CONTROL_PLANE:
                return pb.ServiceKeys(service=name, status=self._own.status())
            answer = self._others[name].KeyStatus(keys_pb2.KeyStatusRequest(), timeout=_STATUS_SECONDS)
            return pb.ServiceKeys(service=name, status=answer)
        except Exception as error:
            return pb.ServiceKeys(service=name, error=_words(error))

    def _rotated(self, names: Collection[str], reencrypt: bool, record: AuditRecord) -> Iterator[pb.KeysRotateResponse]:
        told: queue.SimpleQueue[pb.KeysRotateResponse | None] = queue.SimpleQueue()
        over = threading.Event()
        threads = [
            threading.Thread(
                target=copy_context().run,
                args=(self._rotate_one, name, reencrypt, record, told.put, over),
                name=f"keys-{name}",
                daemon=True,
            )
            for name in names
        ]
        for thread in threads:
            thread.start()
        running = len(threads)
        try:
            while running:
                if (answer := told.get()) is None:
                    running -= 1
                else:
                    yield answer
        finally:
            # Whoever asked has gone: each service ends after its batch, and the next call goes on from there.
            over.set()

    def _rotate_one(
        self,
        name: str,
        reencrypt: bool,
        record: AuditRecord,
        tell: Callable[[pb.KeysRotateResponse | None], None],
        over: threading.Event,
    ) -> None:
        answers: Any = None
        try:
            answers = self._begin(name, reencrypt)
            for progress in answers:
                tell(pb.KeysRotateResponse(service=name, progress=progress))
                if over.is_set():
                    break
            self._app.note(replace(record, detail=f"{name}: {'ended by the caller' if over.is_set() else 'done'}"))
        except Exception as error:
            tell(pb.KeysRotateResponse(service=name, error=_words(error)))
            self._app.note(replace(record, outcome=REFUSED, detail=f"{name}: {_words(error)}"))
        finally:
            for end in ("close", "cancel"):
                getattr(answers, end, lambda: None)()
            tell(None)

    def _begin(self, name: str, reencrypt: bool) -> Any:
        if name == CONTROL_PLANE:
            return self._own.rotate(reencrypt=reencrypt)
        return self._others[name].RotateKeys(keys_pb2.RotateKeysRequest(reencrypt=reencrypt))


def _named(wanted: Collection[str]) -> Collection[str]:
    if unknown := set(wanted) - set(SERVICES):
        raise BadRequest(f"no service is called {', '.join(sorted(unknown))}; there are {', '.join(SERVICES)}")
    return [name for name in SERVICES if not wanted or name in wanted]


def _told(request: pb.KeysRotateRequest) -> str:
    what = "re-encrypt" if request.reencrypt else "rotate"
    return f"{what} {', '.join(request.services) or 'all services'}"


def _words(error: Exception) -> str:
    if isinstance(error, grpc.RpcError) and isinstance(error, grpc.Call):
        return f"{error.code().name}: {error.details()}"
    return str(error)
