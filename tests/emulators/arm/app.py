"""The emulator as a web application: one request at a time, each in one transaction."""

import json
import logging
import threading
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.emulators.arm.manager import Manager
from tests.emulators.arm.replies import Refused
from tests.emulators.messages import Ask, Reply
from tests.emulators.recording import Recorder

_METHODS = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"]


def application(manager: Manager, recorder: Recorder) -> Starlette:
    """Everything under every path."""
    lock = threading.Lock()

    def answer(ask: Ask) -> Reply:
        with lock:
            return answered(ask, manager.handle, manager.commit, manager.undo)

    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        host = f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"
        query = {k.lower(): v for k, v in parse_qsl(request.url.query, keep_blank_values=True)}
        headers = {k.lower(): v for k, v in request.headers.items()}
        try:
            body: Any = _body(raw, headers.get("content-type", ""))
        except ValueError as broken:
            ask = Ask(request.method, request.url.path, query, headers, None, host)
            reply = Refused(400, "InvalidRequestContent", f"The request content was invalid: {broken}").reply()
        else:
            ask = Ask(request.method, request.url.path, query, headers, body, host)
            reply = await run_in_threadpool(answer, ask)
        common = {
            "x-ms-correlation-request-id": headers.get("x-ms-correlation-request-id") or str(uuid.uuid4()),
            "x-ms-request-id": str(uuid.uuid4()), "cache-control": "no-cache", "strict-transport-security": "max-age=31536000",
            f"x-ms-ratelimit-remaining-subscription-{'reads' if request.method in ('GET', 'HEAD') else 'writes'}": "1199",
        }  # fmt: skip
        if headers.get("x-ms-client-request-id"):
            common["x-ms-client-request-id"] = headers["x-ms-client-request-id"]
        sent = {**common, **reply.headers}
        content = b"" if reply.body is None else json.dumps(reply.body).encode()
        if content:
            sent["content-type"] = "application/json; charset=utf-8"
        recorder.note(ask, str(request.url), reply, sent)
        return Response(b"" if request.method == "HEAD" else content, reply.status, sent)

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=_METHODS)])


def answered(ask: Ask, handle: Callable[[Ask], Reply], commit: Callable[[], None], undo: Callable[[], None]) -> Reply:
    """A reply, and what was done for it kept; a refusal keeps nothing but the turns of faults."""
    try:
        reply = handle(ask)
    except Refused as refused:
        commit()
        return refused.reply()
    except Exception:
        undo()
        logging.getLogger(__name__).exception("%s %s", ask.method, ask.path)
        return Refused(500, "InternalServerError", "The emulator has failed; see its log").reply()
    commit()
    return reply


def _body(raw: bytes, kind: str) -> Any:
    if not raw:
        return None
    if "x-www-form-urlencoded" in kind:
        return dict(parse_qsl(raw.decode()))
    return json.loads(raw)
