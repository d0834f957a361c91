"""What a process says about itself: JSON lines on stdout, Prometheus metrics over HTTP, spans.

Every line carries the service and, inside the handling of a call or a fact, its correlation and trace id.
"""

import logging
import sys
from typing import Any, Final
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, start_http_server

from deployforge_chassis import causality, tracing
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.redaction import redact

_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_CHATTY: Final = ("httpx", "httpcore", "botocore", "urllib3", "faust", "aiokafka", "mode")


def configure(settings: ServiceSettings) -> "MetricsServer":
    """Set up logging and tracing at once; the part that serves the metrics is returned, not started."""
    configure_logging(settings.service, settings.log_level)
    tracing.configure(settings.service)
    return MetricsServer(settings.metrics_address)


def configure_logging(service: str, level: str = "info") -> None:
    """structlog and the standard library's loggers both write one JSON object per line to stdout."""

    def name_service(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        return event

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_service,
        name_cause,
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[level])
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(_LEVELS[level], logging.WARNING))


def name_cause(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Add the ids of whatever is being handled, where something is."""
    cause = causality.current()
    if cause is not None:
        event.setdefault("correlation_id", cause.correlation_id)
        if trace := tracing.trace_id(cause.traceparent):
            event.setdefault("trace_id", trace)
    return event


def hide_secrets(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Hide values under secret-sounding keys."""
    hidden: structlog.typing.EventDict = redact(event)
    return hidden


class MetricsServer:
    """Part: serves the process's metrics at `http://<address>/metrics`, for Prometheus to read."""

    name = "metrics"

    def __init__(self, address: str, registry: CollectorRegistry = REGISTRY) -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._registry = registry
        self._server: WSGIServer | None = None

    @property
    def port(self) -> int:
        """The port in use; known once started."""
        return self._server.server_port if self._server is not None else self._port

    def start(self) -> None:
        self._server, _ = start_http_server(self._port, addr=self._host, registry=self._registry)

    def stop(self, timeout: float) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def failed(self) -> BaseException | None:
        return None
