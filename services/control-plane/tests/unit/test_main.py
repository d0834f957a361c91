"""The composition root: everything fits together, starts, answers and stops."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from deployforge.control_plane.v1 import deployments_pb2 as pb
from deployforge.control_plane.v1 import deployments_pb2_grpc
from deployforge_chassis import devca, foundation, topics
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.grpc_client import channel
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.local_bus import LocalBus
from deployforge_chassis.part import Part
from deployforge_chassis.registry import MemoryRegistry
from deployforge_chassis.telemetry import MetricsServer
from deployforge_control_plane import main


def test_the_process_starts_serves_and_stops(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    devca.ensure(tmp_path / "tls")
    KeyFile.create(tmp_path / "service.key")
    token = {"subject": "root", "roles": ["admin"], "namespaces": ["*"]}
    token["token_hash"] = hashlib.sha256(b"dft_root_secret").hexdigest()
    (tmp_path / "tokens.json").write_text(json.dumps([token]))
    for name, value in {
        "DATABASE_URL": database_url,
        "TLS_DIR": tmp_path / "tls",
        "KEY_FILE": tmp_path / "service.key",
        "BOOTSTRAP_TOKENS_FILE": tmp_path / "tokens.json",
    }.items():
        monkeypatch.setenv(f"DEPLOYFORGE_{name}", str(value))
    monkeypatch.setattr(foundation, "KafkaBus", lambda settings: LocalBus(topics.load()))
    monkeypatch.setattr(foundation, "RegistryClient", lambda url: MemoryRegistry())
    # Logging stays pytest's.
    monkeypatch.setattr(main.telemetry, "configure", lambda settings: MetricsServer(settings.metrics_address))
    seen: list[str] = []

    def run(parts: Sequence[Part], health: Any, **more: Any) -> None:
        for part in parts:
            part.start()
        try:
            seen.append(_whoami(tmp_path / "tls", health.port))
            seen.extend(part.name for part in parts if part.failed() is None)
        finally:
            for part in reversed(parts):
                part.stop(5)

    monkeypatch.setattr(main, "run", run)
    main.main()
    assert seen == ["root", "metrics", "relay", "inbox", "effects", "grpc"]


def _whoami(tls_dir: Path, port: int) -> str:
    settings = ServiceSettings(service="client", database_url="postgresql:///unused", tls_dir=tls_dir)
    with channel(settings, "control-plane", address=f"127.0.0.1:{port}") as client:
        stub: Any = deployments_pb2_grpc.AccessStub(client)  # type: ignore[no-untyped-call]
        metadata = (("authorization", "Bearer dft_root_secret"),)
        return str(stub.WhoAmI(pb.WhoAmIRequest(), metadata=metadata).subject)
