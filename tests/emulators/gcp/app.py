"""The emulator as a web application: one request at a time, each in one transaction."""

import json
import logging
import threading
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.emulators.gcp.manager import Manager
from tests.emulators.gcp.replies import Refused
from tests.emulators.messages import Ask, Reply
from tests.emulators.recording import Recorder

#: Services whose exchanges are held against Google's discovery documents.
_JUDGED = ("/config.googleapis.com/", "/deploymentmanager.googleapis.com/")
_METHODS = ["GET", "PUT", "PATCH", "POST", "DELETE"]


def application(manager: Manager, recorder: Recorder) -> Starlette:
    """Everything under every path."""
    lock = threading.Lock()

    def answer(ask: Ask) -> Reply:
        with lock:
            try:
                reply = manager.handle(ask)
            except Refused as refused:
                manager.commit()
                return refused.reply()
            except Exception:
                manager.undo()
                logging.getLogger(__name__).exception("%s %s", ask.method, ask.path)
                return Refused(500, "The emulator has failed; see its log").reply()
            manager.commit()
            return reply

    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        host = f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"
        pairs = parse_qsl(request.url.query, keep_blank_values=True)
        query: dict[str, str] = {}
        for name, value in pairs:
            key = name.lower()
            query[key] = f"{query[key]},{value}" if key in query else value
        headers = {k.lower(): v for k, v in request.headers.items()}
        path = request.scope["raw_path"].decode() if "/o/" in request.url.path else request.url.path
        ask = Ask(request.method, path, query, headers, _body(raw, headers.get("content-type", "")), host)
        reply = await run_in_threadpool(answer, ask)
        sent = dict(reply.headers)
        if isinstance(reply.body, bytes):
            return Response(reply.body, reply.status, sent)
        if path.startswith(_JUDGED):  # the others have no contract to be held against
            recorder.note(ask, str(request.url), reply, sent)
        content = b"" if reply.body is None else json.dumps(reply.body).encode()
        return Response(content, reply.status, {**sent, "content-type": "application/json; charset=UTF-8"})

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=_METHODS)])


def _body(raw: bytes, kind: str) -> Any:
    if not raw:
        return None
    if "x-www-form-urlencoded" in kind:
        return dict(parse_qsl(raw.decode()))
    try:
        return json.loads(raw) if "json" in kind else raw
    except ValueError:
        return raw
