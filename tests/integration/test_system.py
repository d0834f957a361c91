"""The system itself: it starts once, lets nobody in without a certificate, and keeps what it was told."""

import os
import signal
import subprocess
import sys

import grpc
import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge.orchestrator.v1 import plans_pb2, plans_pb2_grpc
from deployforge_chassis import tls, topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.registry import RegistryClient
from deployforge_client import DeployForge, DeployForgeError
from deployforge_local import kafka
from deployforge_local.cloud import Cloud
from deployforge_local.pids import Pid
from deployforge_local.processes import is_serving
from deployforge_local.settings import LocalSettings

from tests.integration.conftest import Cli
from tests.integration.journey import REGION, applied, destroyed, eventually, followed, manifest, queue


@pytest.fixture
def settings() -> LocalSettings:
    return LocalSettings()


def _pid(settings: LocalSettings, name: str) -> Pid:
    pid = Pid.read(settings.run_dir / f"{name}.pid")
    assert pid is not None
    return pid


def test_up_twice_is_a_no_op_with_status(settings: LocalSettings) -> None:
    before = {name: _pid(settings, name) for name in ("kafka", "postgres", "mcal")}
    done = subprocess.run(
        [sys.executable, "-m", "deployforge_local", "up"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0
    assert "is up already" in done.stdout
    assert "control-plane" in done.stdout
    assert {name: _pid(settings, name) for name in before} == before


def test_doctor_finds_nothing_wrong(cli: Cli) -> None:
    done = cli("doctor")
    assert done.returncode == 0, done.stdout


def test_ids_of_schemas_survive_a_killed_registry(settings: LocalSettings) -> None:
    def ids() -> dict[str, int]:
        with httpx.Client(base_url=settings.registry_url, timeout=10) as http:
            subjects = http.get("/subjects").json()
            return {s: http.get(f"/subjects/{s}/versions/latest").json()["id"] for s in subjects}

    before, killed = ids(), _pid(settings, "registry")
    assert len(before) >= 40
    killed.signal(signal.SIGKILL)
    eventually(lambda: not killed.is_alive())
    eventually(lambda: kafka.registry_is_ready(settings), 60)
    assert ids() == before


def test_an_incompatible_schema_is_refused(settings: LocalSettings) -> None:
    schema = (
        '{"type":"record","name":"StepFailed","namespace":"deployforge.orchestrator","fields":[{"name":"x","type":"int"}]}'
    )
    answer = httpx.post(
        f"{settings.registry_url}/subjects/deployforge.orchestrator.StepFailed/versions",
        json={"schema": schema},
        timeout=10,
    )
    assert answer.status_code == 409


def test_no_service_answers_a_caller_without_a_rule(settings: LocalSettings) -> None:
    credentials = tls.load(settings.tls_dir, "client").channel_credentials()
    target = f"127.0.0.1:{settings.grpc_port('orchestrator')}"
    options = [("grpc.ssl_target_name_override", "orchestrator")]
    with grpc.secure_channel(target, credentials, options) as channel:
        stub = plans_pb2_grpc.PlansStub(channel)
        with pytest.raises(grpc.RpcError) as refused:
            stub.Get(plans_pb2.PlansGetRequest(plan_id="x"), timeout=10)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_nobody_gets_in_without_a_certificate(settings: LocalSettings) -> None:
    ca = (settings.tls_dir / "ca.pem").read_bytes()
    target = f"127.0.0.1:{settings.grpc_port('control-plane')}"
    with grpc.secure_channel(target, grpc.ssl_channel_credentials(ca)) as channel, pytest.raises(grpc.FutureTimeoutError):
        grpc.channel_ready_future(channel).result(timeout=3)


def test_any_kafka_client_with_the_registry_reads_the_topics(
    alice: DeployForge, settings: LocalSettings, name: str
) -> None:
    request = applied(alice, manifest(name, [queue("jobs")]))
    topic = topics.load()["orchestrator.executions"]
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            **tls.load(settings.tls_dir, "client").kafka_settings(),
            "group.id": name,
            "enable.auto.commit": False,
        }
    )
    consumer.assign([TopicPartition(topic.full_name, topic.partition_of(request.deployment_id), 0)])
    codec, read = AvroCodec(RegistryClient(settings.registry_url)), []

    def told() -> bool:
        # A message without a value is a watermark: it says how far its partition has come, and holds no fact.
        read.extend(codec.decode(m.value()) for m in consumer.consume(500, 1) if m.error() is None and m.value())
        return any(fact == "ExecutionVerified" and value["name"] == name for fact, value in read)

    eventually(told)
    consumer.close()
    facts = [fact for fact, value in read if value["name"] == name]
    assert facts[0] == "PlanDrafted"
    assert facts.index("ResourceVerified") < facts.index("ExecutionVerified")
    destroyed(alice, name)


def test_a_cloud_that_is_away_for_a_while_is_waited_for(
    alice: DeployForge, cloud: Cloud, settings: LocalSettings, name: str
) -> None:
    emulator = _pid(settings, "ministack")
    asked = alice.submit(manifest(name, [queue("jobs", visibilityTimeout="31s")]), file="journey.yaml")
    stopped = False
    try:
        for event in alice.watch(request_id=asked.request_id, until_done=True, timeout_seconds=240):
            if event.type == "StepStarted" and not stopped:
                stopped = True
                os.kill(emulator.pid, signal.SIGSTOP)
                subprocess.Popen(
                    [sys.executable, "-c", f"import os,time; time.sleep(8); os.kill({emulator.pid}, {int(signal.SIGCONT)})"]
                )
    finally:
        os.kill(emulator.pid, signal.SIGCONT)
    assert stopped
    request = followed(alice, asked.request_id)
    assert request.state == cp.REQUEST_STATE_SUCCEEDED, request.reason
    assert len([u for u in cloud.queues(REGION) if name in u]) == 1
    destroyed(alice, name)


def test_a_client_waits_for_a_control_plane_that_restarts(alice: DeployForge, settings: LocalSettings, name: str) -> None:
    asked = alice.submit(manifest(name, [queue("jobs")]), file="journey.yaml")
    _pid(settings, "control-plane").signal(signal.SIGKILL)
    positions = []
    try:
        for event in alice.watch(request_id=asked.request_id, until_done=True, timeout_seconds=120):
            positions.append(event.position)
    except DeployForgeError as error:
        pytest.fail(f"the watch broke off: {error}")
    assert positions == sorted(set(positions)), "no event missed or repeated"
    eventually(lambda: is_serving(settings, "control-plane"), 45)
    assert alice.get(asked.request_id).state == cp.REQUEST_STATE_SUCCEEDED
    destroyed(alice, name)
