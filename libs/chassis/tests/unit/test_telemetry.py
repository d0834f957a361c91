import json
import logging
import urllib.request
from collections.abc import Iterator

import pytest
import structlog
from deployforge_chassis import causality, telemetry
from deployforge_chassis.causality import Causality
from deployforge_chassis.redaction import HIDDEN, redact, sounds_secret
from prometheus_client import CollectorRegistry, Counter


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_says_what_who_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logging("mcal")
    with causality.bound(Causality("request-1", "m", "00-" + "a" * 32 + "-" + "b" * 16 + "-01", "ann")):
        structlog.get_logger("x").info("done", size_bytes=7)
    (line,) = lines(capsys)
    assert {key: line[key] for key in ("event", "service", "level", "size_bytes", "correlation_id", "trace_id")} == {
        "event": "done",
        "service": "mcal",
        "level": "info",
        "size_bytes": 7,
        "correlation_id": "request-1",
        "trace_id": "a" * 32,
    }


def test_libraries_that_use_standard_logging_write_the_same_lines(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logging("mcal")
    logging.getLogger("some.library").warning("lost %s", "contact", extra={"unused": 1})
    (line,) = lines(capsys)
    assert (line["event"], line["level"], line["service"]) == ("lost contact", "warning", "mcal")


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logging("mcal", "warning")
    structlog.get_logger("x").info("quiet")
    assert lines(capsys) == []


def test_an_exception_is_one_line_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logging("mcal")
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        structlog.get_logger("x").exception("failed")
    (line,) = lines(capsys)
    assert "RuntimeError: broken" in str(line["exception"])


def test_secrets_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logging("mcal")
    structlog.get_logger("x").info(
        "login", password="hunter2", inner={"api_key": "hunter2", "list": [{"token": "hunter2"}]}
    )
    out = capsys.readouterr().out
    assert "hunter2" not in out
    assert out.count(HIDDEN) == 3


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "dbPassword",
        "secretAccessKey",
        "accessKeyId",
        "api-key",
        "Authorization",
        "private_key",
        "session_token",
    ],
)
def test_names_that_sound_secret(name: str) -> None:
    assert sounds_secret(name)


@pytest.mark.parametrize("name", ["credentialRef", "credential_ref", "key", "partition_key", "token_id", "secretName"])
def test_names_that_only_point_at_a_secret_are_shown(name: str) -> None:
    assert not sounds_secret(name)


def test_what_is_too_deep_to_look_into_is_hidden() -> None:
    deep: object = "hunter2"
    for _ in range(12):
        deep = {"inner": deep}
    assert "hunter2" not in str(redact(deep))


def test_metrics_are_served_until_stopped() -> None:
    registry = CollectorRegistry()
    Counter("things", "Things", registry=registry).inc(3)
    server = telemetry.MetricsServer("127.0.0.1:0", registry)
    server.start()
    url = f"http://127.0.0.1:{server.port}/metrics"
    with urllib.request.urlopen(url, timeout=5) as answer:
        assert b"things_total 3.0" in answer.read()
    server.stop(1.0)
    with pytest.raises(OSError):
        urllib.request.urlopen(url, timeout=5)
    server.stop(1.0)
