"""The composition root: everything fits together, starts, answers its callers only, and stops."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest
from deployforge.common.v1 import common_pb2
from deployforge.state_manager.v1 import state_pb2 as pb
from deployforge.state_manager.v1 import state_pb2_grpc
from deployforge_chassis import devca, foundation, topics
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.grpc_client import channel
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.local_bus import LocalBus
from deployforge_chassis.part import Part
from deployforge_chassis.registry import MemoryRegistry
from deployforge_chassis.telemetry import MetricsServer
from deployforge_state_manager import main


def test_the_process_starts_serves_and_stops(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    devca.ensure(tmp_path / "tls")
    KeyFile.create(tmp_path / "service.key")
    for name, value in {
        "DATABASE_URL": database_url,
        "TLS_DIR": tmp_path / "tls",
        "KEY_FILE": tmp_path / "service.key",
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
            seen.extend(_asked_by(caller, tmp_path / "tls", health.port).name for caller in ("control-plane", "mcal"))
            seen.extend(part.name for part in parts if part.failed() is None)
        finally:
            for part in reversed(parts):
                part.stop(5)

    monkeypatch.setattr(main, "run", run)
    main.main()
    assert seen == ["NOT_FOUND", "PERMISSION_DENIED", "metrics", "relay", "inbox", "rebuilder", "grpc"]


def _asked_by(caller: str, tls_dir: Path, port: int) -> grpc.StatusCode:
    """What a caller is answered who asks for what there is not."""
    settings = ServiceSettings(service=caller, database_url="postgresql:///unused", tls_dir=tls_dir)
    with channel(settings, "state-manager", address=f"127.0.0.1:{port}") as peer, pytest.raises(grpc.RpcError) as refusal:
        state_pb2_grpc.StateStub(peer).Get(pb.GetRequest(deployment=common_pb2.DeploymentRef(namespace="a", name="b")))
    code: grpc.StatusCode = refusal.value.code()
    return code
