"""Settings, artifacts, people and pids of the local system."""

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from deployforge_chassis.testing import until
from deployforge_local import artifacts, everything, kafka, opentofu, people, processes, terraform
from deployforge_local.artifacts import Artifact, ArtifactDiffers
from deployforge_local.pids import Pid
from deployforge_local.settings import LocalSettings


def test_a_cluster_id_is_never_taken_for_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([b"\xf8" * 16, b"\xfb" + bytes(15), bytes(16)])
    monkeypatch.setattr(kafka.secrets, "token_bytes", lambda size: next(drawn))
    assert kafka.cluster_id() == "A" * 22


def test_two_systems_share_no_port(tmp_path: Path) -> None:
    one, other = LocalSettings(home=tmp_path / "a", port_base=7400), LocalSettings(home=tmp_path / "b", port_base=7500)
    assert len(set(one.ports)) == len(one.ports) == 20
    assert not set(one.ports) & set(other.ports)
    assert one.socket_dir != other.socket_dir


def test_replicas_have_ports_of_their_own_within_the_systems(tmp_path: Path) -> None:
    settings = LocalSettings(home=tmp_path, port_base=7400, replicas=3)
    assert len(set(settings.ports)) == len(settings.ports) == 7 + 3 * 13
    assert max(settings.ports) < 7500
    assert settings.addresses("mcal") == "127.0.0.1:7415,127.0.0.1:7445,127.0.0.1:7475"


def test_replicas_share_a_database_and_differ_in_where_they_listen(tmp_path: Path) -> None:
    settings = LocalSettings(home=tmp_path, replicas=2)
    one, two = (processes.service_environment(settings, "mcal", replica) for replica in (1, 2))
    differ = {name for name in one if one[name] != two[name]}
    assert differ == {"DEPLOYFORGE_GRPC_ADDRESS", "DEPLOYFORGE_METRICS_ADDRESS"}
    assert [p.name for p in processes.services(settings)][5:8] == ["mcal", "control-plane-2", "orchestrator-2"]


def test_what_stands_in_between_is_what_services_are_told(tmp_path: Path) -> None:
    settings = LocalSettings(home=tmp_path, port_base=7400, link_port_base=9400)
    told = processes.service_environment(settings, "mcal")
    assert told["DEPLOYFORGE_KAFKA_BOOTSTRAP"] == "127.0.0.1:9400"
    assert told["DEPLOYFORGE_AWS_ENDPOINT"] == "http://127.0.0.1:9404"
    assert told["DEPLOYFORGE_HEALER_ADDRESS"] == "127.0.0.1:9414"
    assert told["DEPLOYFORGE_GRPC_ADDRESS"] == "127.0.0.1:7415"
    assert f"host={settings.link_socket_dir}" in told["DEPLOYFORGE_DATABASE_URL"]


def test_people_keep_their_tokens_when_the_control_plane_moves(tmp_path: Path) -> None:
    people.ensure(LocalSettings(home=tmp_path))
    before = yaml.safe_load(LocalSettings(home=tmp_path).contexts_file.read_text())
    people.ensure(moved := LocalSettings(home=tmp_path, port_base=9000, replicas=2))
    after = yaml.safe_load(moved.contexts_file.read_text())
    assert {c["server"] for c in after["contexts"].values()} == {"127.0.0.1:9010,127.0.0.1:9040"}
    assert [c["token"] for c in after["contexts"].values()] == [c["token"] for c in before["contexts"].values()]
    assert stat.S_IMODE(moved.contexts_file.stat().st_mode) == 0o600


def test_a_socket_path_is_short_however_long_the_home_is(tmp_path: Path) -> None:
    settings = LocalSettings(home=tmp_path / ("x" * 200))
    assert len(str(settings.socket_dir / ".s.PGSQL.5432")) < 107


def test_every_jar_has_an_exact_coordinate_and_a_checksum() -> None:
    jars = artifacts.kafka_jars()
    assert len(jars) == 92
    assert len({j.file_name for j in jars}) == 92
    assert all(len(j.sha256) == 64 for j in jars)


def _served(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Let every artifact resolve to this file."""

    class Resolved:
        def __init__(self, **_: object) -> None:
            """Wherever it would keep what it fetches."""

        def __getattr__(self, name: str) -> object:
            return lambda *_, **__: path if name == "resolve" else self

    monkeypatch.setattr("jgo.maven.MavenContext", Resolved)


def test_what_is_not_what_the_lock_names_is_refused_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "evil.jar").write_bytes(b"evil")
    _served(monkeypatch, tmp_path / "evil.jar")
    settings = LocalSettings(cache=tmp_path / "cache")
    with pytest.raises(ArtifactDiffers, match="expected sha256"):
        artifacts._fetch(settings, Artifact("g", "a", "1", "0" * 64))
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]


def test_what_is_named_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "good.jar").write_bytes(b"good")
    _served(monkeypatch, tmp_path / "good.jar")
    settings = LocalSettings(cache=tmp_path / "cache")
    artifact = Artifact("g", "a", "1", hashlib.sha256(b"good").hexdigest())
    artifacts._fetch(settings, artifact)
    assert artifacts._path(settings, artifact).read_bytes() == b"good"


def test_damage_in_the_cache_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifact = Artifact("g", "a", "1", hashlib.sha256(b"good").hexdigest())
    monkeypatch.setattr(artifacts, "_all", lambda: (artifact,))
    settings = LocalSettings(cache=tmp_path)
    assert artifacts.damaged(settings) == ["g:a:1"]
    path = artifacts._path(settings, artifact)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"good")
    assert artifacts.damaged(settings) == []
    path.write_bytes(b"goof")
    assert artifacts.damaged(settings) == ["g:a:1"]


def test_people_get_tokens_once_and_only_hashes_are_handed_on(tmp_path: Path) -> None:
    settings = LocalSettings(home=tmp_path)
    people.ensure(settings)
    before = settings.contexts_file.read_text()
    people.ensure(settings)
    assert settings.contexts_file.read_text() == before
    contexts = yaml.safe_load(before)["contexts"]
    assert set(contexts) == {"admin", "alice", "bob"}
    hashes = {entry["subject"]: entry["token_hash"] for entry in json.loads(settings.tokens_file.read_text())}
    for name, context in contexts.items():
        assert hashes[name] == hashlib.sha256(context["token"].encode()).hexdigest()
        assert context["token"] not in settings.tokens_file.read_text()
    people.ensure_senders(settings)
    for path in (settings.contexts_file, settings.tokens_file, settings.events_tokens_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_reused_pid_is_not_taken_for_ours(tmp_path: Path) -> None:
    mine = Pid.of(os.getpid())
    mine.write(tmp_path / "p.pid")
    assert Pid.read(tmp_path / "p.pid") == mine
    assert mine.is_alive()
    stranger = Pid(mine.pid, mine.started - 1)
    assert not stranger.is_alive()
    stranger.signal(signal.SIGKILL)  # would end this very test


def test_what_has_ended_is_not_alive_whether_or_not_somebody_asked_for_its_exit_code() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        pid = Pid.of(child.pid)
        assert pid.is_alive()
        assert child.stdin is not None
        child.stdin.close()
        until(lambda: not pid.is_alive())
    assert not pid.is_alive()
    assert pid.resident_bytes() == 0
    with pytest.raises(ProcessLookupError):
        Pid.of(pid.pid)


@pytest.mark.parametrize("text", ["", "12", "12 x", "1 2 3"])
def test_a_pid_file_that_cannot_be_read_names_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.pid").write_text(text)
    assert Pid.read(tmp_path / "p.pid") is None


def test_ending_a_process_is_gentle_first_and_sure_in_the_end() -> None:
    stubborn = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        Pid.of(child.pid).end(0.3)
        assert child.wait(5) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("printed", "code", "counted"),
    [
        ("3 passed in 0.1s", 0, (3, 0)),
        ("1 failed, 2 passed, 1 warning in 0.1s", 1, (2, 1)),
        ("2 passed, 1 skipped in 0.1s", 0, (2, 1)),
        ("2 passed, 2 errors in 0.1s", 1, (2, 2)),
        ("it broke", 3, (0, 1)),
        ("no tests ran in 0.1s", 5, (0, 1)),
        ("", 0, (0, 1)),
        ("1 passed in 0.1s\nthen the workers crashed", 3, (1, 1)),
        ("2 passed in 0.1s", 1, (2, 1)),
    ],
)
def test_a_stage_counts_what_failed_was_skipped_or_broke_off(printed: str, code: int, counted: tuple[int, int]) -> None:
    command = [sys.executable, "-c", f"import sys; print({printed!r}); sys.exit({code})"]
    assert everything._pytest(command) == counted


def test_opentofu_is_found_only_where_it_and_all_its_providers_were_built(tmp_path: Path) -> None:
    settings = LocalSettings(home=tmp_path / "home", cache=tmp_path / "cache")
    assert opentofu.found(settings) is None
    assert terraform.options(settings) == {}
    cache = settings.cache_dir / "opentofu"
    modules = Path(opentofu.__file__).with_name("go")
    for name, program in (("tofu", opentofu.TOFU), *((n, p) for (n, _), p in opentofu.PROVIDERS.items())):
        built = opentofu._target(cache, modules / name, program)
        built.parent.mkdir(parents=True)
        built.touch()
        assert opentofu.found(settings) is None, f"{name} is not all of it"
    for (name, version), program in opentofu.PROVIDERS.items():
        opentofu.place(cache / "mirror", "hashicorp", name, version, opentofu._target(cache, modules / name, program))
    found = opentofu.found(settings)
    assert found is not None
    assert terraform.options(settings) == {"cli": str(found.program), "mirror": str(found.mirror)}


def test_the_key_of_opentofu_s_states_stays(tmp_path: Path) -> None:
    settings = LocalSettings(home=tmp_path)
    first = terraform.credential(settings)
    assert terraform.credential(LocalSettings(home=tmp_path)) == first
    assert len(first["stateKey"]) >= 16
    assert str(settings.socket_dir.name) in first["stateUrl"]
    [key] = settings.key_dir.glob("terraform*")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
