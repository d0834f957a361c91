"""From facts heard to facts said, with a cloud in memory and a real database."""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from deployforge.mcal.v1 import clouds_pb2 as pb
from deployforge_chassis import packed
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.clock import FixedClock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import LEASE_SECONDS, EffectWorkers
from deployforge_chassis.registry import MemoryRegistry
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import a_fact, example
from deployforge_mcal.adapters.aws.provider import AwsProvider
from deployforge_mcal.adapters.claims import PostgresClaims
from deployforge_mcal.adapters.guarded import Patience, guarded
from deployforge_mcal.adapters.index import PostgresIndex
from deployforge_mcal.adapters.marking import PostgresMarking
from deployforge_mcal.adapters.records import records
from deployforge_mcal.adapters.vault import PostgresVault
from deployforge_mcal.adapters.wired import PostgresWiring
from deployforge_mcal.application.addressing import Addressing
from deployforge_mcal.application.mcal import OPERATION, SCAN, Mcal
from deployforge_mcal.application.operations import _REQUEST, Operations
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.application.previews import Previews
from deployforge_mcal.application.scans import Readers, Scans
from deployforge_mcal.application.secrets import SecretAccess, Secrets, SecretUnavailable
from deployforge_mcal.application.stores import CredentialUnknown
from deployforge_mcal.application.topology import Topology
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.secrets import SecretReference
from deployforge_mcal.domain.topology.addressing import Rules
from deployforge_mcal.domain.topology.declared import native_ranges
from deployforge_mcal.domain.units import ResourceSpec, Scope, Target, UnitSpec
from deployforge_mcal.entrypoints.grpc_api import CloudsApi

DEPLOYMENT = "7d2f7a0e-2f4e-5a0b-9a53-2f0d4c1b7a11"
UNIT = "aws/0.0"
SCOPE = Scope("aws", "123456789012", "eu-west-1", "aws-local")


@dataclass
class Said:
    """Telemetry that is kept."""

    messages: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def try_send(self, topic: str, key: str, fact: str, value: Any) -> None:
        self.messages.append((topic, fact, dict(value)))


@dataclass
class Kept:
    """A source of secrets in memory."""

    values: dict[str, str]

    def resolve(self, name: str, access: SecretAccess) -> str:
        if name not in self.values:
            raise SecretUnavailable(f"secret://kept/{name}", "is not there")
        return self.values[name]


@dataclass
class Service:
    """The application with everything around it."""

    app: Mcal
    cloud: Any
    said: Said
    operating: EffectWorkers
    scanning: EffectWorkers
    kept: dict[str, str]
    """Secrets by name, of a source called `kept`."""

    def hear(self, handler: Any, topic: str, type: str, value: dict[str, Any] | None, **more: Any) -> None:
        self.app.commit(handler(a_fact(topic, type, value, **more)))

    def digest(self, **declared: dict[str, Any]) -> str:
        specs = tuple(ResourceSpec(f"urn:df:s:w:{n}", n, "Queue", p) for n, p in declared.items())
        return self.app.compile(UnitSpec(DEPLOYMENT, UNIT, "df-s-w-aws-0-0", SCOPE, specs))[0]

    def ask(self, verb: str, digest: str | None = None, **changed: Any) -> str:
        id = str(changed.pop("operation_id", uuid4()))
        asked = {"unit_id": UNIT, "unit_name": "df-s-w-aws-0-0", "inputs": {}, **changed}
        value = example("OperationRequested", operation_id=id, verb=verb, template_digest=digest, **asked)
        self.hear(self.app.operation_requested, "orchestrator.operations", "OperationRequested", value)
        return id

    def facts(self) -> list[tuple[str, dict[str, Any]]]:
        found = []
        for notification in self.app.recorder.select_notifications(None, 1000):
            for record in records(self.app.mapper.to_domain_event(notification)):
                found.append((record.fact, dict(record.value or {})))
        return found


@pytest.fixture
def service(fresh_database: Database, sealer: Sealer, cloud: Any) -> Service:
    kept: dict[str, str] = {}
    vault = PostgresVault(fresh_database, sealer)
    vault.put("aws-local", "aws", {"accessKeyId": "AKIA", "secretAccessKey": "very secret", "roleArn": "arn"})
    clock = FixedClock(datetime(2026, 11, 24, tzinfo=UTC))
    secrets = Secrets({"kept": Kept(kept)}, PostgresMarking(fresh_database, sealer), vault.get)
    native = native_ranges(AwsProvider().wiring())
    addressing = Addressing(PostgresClaims(fresh_database, planned_days=7), Rules((IPv4Network("10.0.0.0/8"),)), native)
    topology = Topology(PostgresWiring(fresh_database, sealer), AwsProvider().wiring())
    index = PostgresIndex(fresh_database)
    app = Mcal(fresh_database, sealer, {"aws": cloud}, vault, index, clock, secrets, addressing, topology)
    said, readers = Said(), Readers(app)
    operations, scans = Operations(app, said), Scans(app, readers, said)
    return Service(
        app, cloud, said, EffectWorkers(app.queue, {OPERATION: operations.work}, threads=1),
        EffectWorkers(app.queue, {SCAN: scans.work}, threads=1), kept,
    )  # fmt: skip


def test_an_operation_is_done_once_and_told_with_its_generation(service: Service) -> None:
    digest = service.digest(a={"delay": 1})
    id = service.ask("apply", digest)
    service.ask("apply", digest, operation_id=id)
    assert service.operating.work_once()
    assert not service.operating.work_once()
    facts = service.facts()
    assert [name for name, _ in facts] == ["CredentialIssued", "OperationSucceeded"]
    assert facts[1][1]["generation"] == 2
    assert facts[1][1]["template_digest"] == digest
    assert facts[1][1]["resources"][0]["status"] == "created"
    assert service.cloud.calls == [("apply", id)]


def test_a_failure_is_told_with_its_reason_and_the_unit_is_free_again(service: Service) -> None:
    service.ask("apply", service.digest(a={"refused": True}))
    service.operating.work_once()
    service.ask("apply", service.digest(a={"delay": 1}))
    service.operating.work_once()
    names = [
        (name, value.get("code"), value.get("generation")) for name, value in service.facts() if name != "CredentialIssued"
    ]
    assert names == [("OperationFailed", "RESOURCE_FAILED", 2), ("OperationSucceeded", None, 4)]
    assert [value["hint"] for name, value in service.facts() if name == "OperationFailed"] == [
        "correct what the message names, and apply again"
    ]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"credential_ref": "nobody"}, "CREDENTIAL_UNKNOWN"),
        ({"provider_type": "moon"}, "PROVIDER_UNKNOWN"),
        ({"verb": "explode"}, "INVALID"),
        ({"digest": "sha256:" + "0" * 64}, "TEMPLATE_UNKNOWN"),
    ],
)
def test_what_cannot_be_begun_fails_at_once(service: Service, changed: dict[str, Any], code: str) -> None:
    asked = {"verb": "apply", "digest": service.digest(a={}), **changed}
    service.ask(**asked)
    service.operating.work_once()
    assert [value["code"] for name, value in service.facts() if name == "OperationFailed"] == [code]


def test_after_a_crash_the_operation_is_continued_with_the_same_token(service: Service) -> None:
    id = service.ask("apply", service.digest(a={"delay": 1}))
    work = service.app.queue.claim([OPERATION])
    assert work is not None
    # The first worker did everything but the last commit.
    Operations(service.app, service.said).work(work)
    service.app.queue.put_back(work, 0, "died")
    assert service.operating.work_once()
    assert service.cloud.calls == [("apply", id), ("apply", id)]
    assert len(service.cloud.live) == 1
    assert [name for name, _ in service.facts()].count("OperationSucceeded") == 1


def test_operations_on_one_unit_are_done_in_order_and_never_at_once(service: Service) -> None:
    first = service.ask("apply", service.digest(a={"delay": 1}))
    second = service.ask("apply", service.digest(a={"delay": 2}))
    other = service.ask("apply", service.digest(b={}), unit_id="aws/1.0", unit_name="df-s-w-aws-1-0")
    work = service.app.queue.claim([OPERATION])
    assert work is not None
    assert work.id == first
    beside = service.app.queue.claim([OPERATION])
    assert beside is not None
    assert beside.id == other
    assert service.app.queue.claim([OPERATION]) is None
    service.app.queue.complete(work, Operations(service.app, service.said).work(work))
    assert service.operating.work_once()
    assert service.cloud.calls == [("apply", first), ("apply", second)]


def test_a_worker_that_wakes_after_its_lease_is_harmless(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in front of the cloud, taken over, and overtaken by the unit's next operation too."""
    first = service.ask("apply", service.digest(a={"delay": 1}))
    second = service.ask("apply", service.digest(a={"delay": 2}))
    sleepy = EffectWorkers(service.app.queue, {OPERATION: Operations(service.app, service.said).work}, threads=1)
    apply = service.cloud.apply

    def late(*asked: Any) -> Any:
        monkeypatch.setattr(service.cloud, "apply", apply)
        service.app.database.query("UPDATE effects SET due_at = now() WHERE id = %s", (first,))
        assert service.operating.work_once()
        assert service.operating.work_once()
        return apply(*asked)

    monkeypatch.setattr(service.cloud, "apply", late)
    assert sleepy.work_once()
    # Its call still reached the cloud, which knew the token.
    assert service.cloud.calls == [("apply", first), ("apply", second), ("apply", first)]
    assert list(service.cloud.live.values()) == [{"delay": 2}]
    assert [name for name, _ in service.facts()].count("OperationSucceeded") == 2
    unit = service.app.unit(UUID(DEPLOYMENT), UNIT)
    assert (unit.generation, unit.running) == (4, "")


def test_whoever_lost_the_operation_before_the_call_makes_none(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    time = [0.0]
    service.ask("apply", service.digest(a={"delay": 1}))
    sleepy = EffectWorkers(
        service.app.queue, {OPERATION: Operations(service.app, service.said).work}, threads=1, now=lambda: time[0]
    )
    opened = service.cloud.open

    def slow(*asked: Any) -> Any:
        time[0] += LEASE_SECONDS
        return opened(*asked)

    monkeypatch.setattr(service.cloud, "open", slow)
    assert sleepy.work_once()
    assert service.cloud.calls == []


def test_a_busy_unit_makes_the_next_operation_wait(service: Service) -> None:
    digest = service.digest(a={})
    unit = service.app.unit(UUID(DEPLOYMENT), UNIT)
    unit.begin("another")
    service.app.save(unit)
    service.ask("apply", digest)
    service.operating.work_once()
    assert service.facts() == []


def test_an_unreachable_cloud_is_a_retryable_failure(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise ProviderFailure(Failure("CLOUD_UNREACHABLE", "away", retryable=True))

    monkeypatch.setattr(service.cloud, "open", away)
    service.ask("apply", service.digest(a={}))
    service.operating.work_once()
    assert [(v["code"], v["retryable"]) for n, v in service.facts() if n == "OperationFailed"] == [
        ("CLOUD_UNREACHABLE", True)
    ]


def desired(service: Service, urn: str, physical_id: str, version: int = 1, **changed: Any) -> None:
    value = example(
        "DesiredState", urn=urn, physical_id=physical_id, version=version, unit_id=UNIT, type="Queue", **changed
    )
    service.hear(service.app.desired_state, "state-manager.desired", "DesiredState", value)


def scan(service: Service, **changed: Any) -> list[dict[str, Any]]:
    value = example("ScanRequested", scan_id=str(uuid4()), **changed)
    service.hear(service.app.scan_requested, "drift-detector.scans", "ScanRequested", value)
    service.said.messages.clear()
    assert service.scanning.work_once()
    return [message for topic, _, message in service.said.messages if topic == "mcal.observations"]


def in_rows(batch: dict[str, Any]) -> Iterator[tuple[bytes, int, bytes, bytes]]:
    """(id, presence, digest, body) of what is packed."""
    count, start = len(batch["presences"]), 0
    for n, end in enumerate(struct.unpack(f"<{count}I", batch["ends"])):
        yield (
            batch["ids"][n * 8 : n * 8 + 8], batch["presences"][n], batch["digests"][n * 16 : n * 16 + 16],
            batch["bodies"][start:end],
        )  # fmt: skip
        start = end


def test_a_scan_tells_of_every_resource_of_its_shard_in_batches(service: Service) -> None:
    service.cloud.live = {f"id-{n}": {"delay": n} for n in range(600)}
    for n in range(601):
        desired(service, f"urn:df:s:w:q{n:03}", f"id-{n}")
    desired(service, "urn:df:s:w:elsewhere", "id-1", scan_shard="aws:123456789012:eu-west-1:04")
    batches = scan(service)
    assert [(b["batch"], b["last"], len(b["presences"])) for b in batches] == [(0, False, 500), (1, True, 101)]
    found = {id: (presence, digest, body) for b in batches for id, presence, digest, body in in_rows(b)}
    body = b'{"delay":7}'
    assert found[packed.key(DEPLOYMENT, "urn:df:s:w:q007")] == (1, packed.digest(body), body)
    assert found[packed.key(DEPLOYMENT, "urn:df:s:w:q600")] == (2, packed.digest(b""), b"")
    assert [n for n, _ in service.facts()] == ["CredentialIssued"]
    scan(service)
    assert [v["read_only"] for _, v in service.facts()] == [True]


def test_an_empty_shard_still_ends(service: Service) -> None:
    assert [(b["last"], b["observations"], b["ids"]) for b in scan(service)] == [(True, [], b"")]


def test_a_unit_that_is_being_changed_is_not_checked(service: Service) -> None:
    service.cloud.live = {"id-1": {"delay": 1}}
    desired(service, "urn:df:s:w:a", "id-1")
    unit = service.app.unit(UUID(DEPLOYMENT), UNIT)
    unit.begin("somebody")
    service.app.save(unit, writes=[service.app.index.turn(DEPLOYMENT, UNIT, unit.generation)])
    seen = scan(service)[0]["observations"][0]
    assert (seen["presence"], seen["reason"]) == ("NOT_CHECKED", "unit is being changed")


def test_older_news_of_a_resource_is_ignored_and_a_tombstone_ends_it(service: Service) -> None:
    desired(service, "urn:df:s:w:a", "new", version=2)
    desired(service, "urn:df:s:w:a", "old", version=1)
    service.cloud.live = {"new": {"delay": 1}}
    assert [presence for _, presence, _, _ in in_rows(scan(service)[0])] == [1]
    fact = a_fact("state-manager.desired", "DesiredState", {})
    gone = type(fact)(**{**vars(fact), "key": "urn:df:s:w:a", "value": None})
    service.app.commit(service.app.desired_state(gone))
    assert scan(service)[0]["ids"] == b""


def test_whoever_asks_for_an_unknown_credential_learns_that_nothing_was_checked(service: Service) -> None:
    scope = Scope("aws", "1", "eu-west-1", "nobody")
    seen = Readers(service.app).observe(scope, [Target("urn:df:s:w:a", "Queue", "id-1")])
    assert (seen[0].presence, "nobody" in seen[0].reason) == ("NOT_CHECKED", True)


def test_root_credentials_are_sealed_replaced_and_listed_by_name_only(service: Service, tmp_path: Path) -> None:
    vault = service.app.vault
    assert isinstance(vault, PostgresVault)
    (tmp_path / "c.json").write_text(json.dumps({"other": {"type": "aws", "accessKeyId": "X"}}))
    vault.load(tmp_path / "c.json")
    assert [(one.name, one.type) for one in vault.stored()] == [("aws-local", "aws"), ("other", "aws")]
    assert vault.get("other") == {"accessKeyId": "X"}
    raw = service.app.database.query("SELECT sealed FROM root_credentials")
    assert all(b"secret" not in bytes(row["sealed"]) for row in raw)
    with pytest.raises(CredentialUnknown):
        vault.get("nobody")


def test_no_fact_or_event_holds_a_secret(service: Service) -> None:
    service.ask("apply", service.digest(a={}))
    service.operating.work_once()
    assert "very secret" not in json.dumps(service.facts(), default=str)


def test_everything_said_fits_its_contract(service: Service) -> None:
    codec = AvroCodec(MemoryRegistry())
    codec.register("mcal")
    service.ask("apply", service.digest(a={}))
    service.operating.work_once()
    service.ask("apply", service.digest(a={"refused": True}))
    service.operating.work_once()
    service.cloud.live["id-9"] = {"delay": 1}
    desired(service, "urn:df:s:w:a", "id-9")
    batches = [("ObservationBatch", batch) for batch in scan(service)]
    request = _REQUEST.validate_python(example("OperationRequested"))
    Operations(service.app, service.said)._tick(request, service.app.secrets.use(DEPLOYMENT, SCOPE))("urn", "X", None)
    ticks = [("OperationProgressed", m) for topic, _, m in service.said.messages if topic == "mcal.progress"]
    said = [*service.facts(), *batches, *ticks]
    names = {"CredentialIssued", "OperationSucceeded", "OperationFailed", "ObservationBatch", "OperationProgressed"}
    assert {name for name, _ in said} == names
    for name, value in said:
        assert codec.decode(codec.encode(name, value))[0] == name


def test_a_preview_says_what_would_change_with_a_credential_of_its_own(service: Service) -> None:
    service.ask("apply", service.digest(a={"delay": 1}))
    service.operating.work_once()
    before = len(service.facts())
    digest = service.digest(a={"delay": 2}, b={})
    found = Previews(service.app).of(SCOPE, DEPLOYMENT, UNIT, "df-s-w-aws-0-0", digest, {})
    assert {c.urn: c.action for c in found} == {"urn:df:s:w:a": "modify", "urn:df:s:w:b": "add"}
    [(name, issued)] = service.facts()[before:]
    assert (name, issued["operation_id"]) == ("CredentialIssued", "preview")


def test_a_preview_that_the_cloud_refuses_repeats_no_secret(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.kept["db"] = "correct horse battery staple"
    digest = service.digest(a={"delay": 1})

    def refuse(session: Any, work: Any) -> None:
        # As a cloud may that repeats what it was sent.
        value = work.secrets.value(work.secrets.mark(SecretReference.parse("secret://kept/db")))
        raise ProviderFailure(Failure("INVALID", f"bad value {value}"))

    monkeypatch.setattr(service.cloud, "preview", refuse)
    with pytest.raises(ProviderFailure) as failed:
        Previews(service.app).of(SCOPE, DEPLOYMENT, UNIT, "df-s-w-aws-0-0", digest, {})
    assert failed.value.failure.code == "INVALID"
    assert "correct horse" not in str(failed.value)


@pytest.mark.parametrize("said", [None, [], ["urn:df:s:w:a"]])
def test_an_operation_is_told_what_it_may_replace(
    service: Service, monkeypatch: pytest.MonkeyPatch, said: list[str] | None
) -> None:
    told: list[Any] = []
    apply = service.cloud.apply
    monkeypatch.setattr(service.cloud, "apply", lambda s, work, tick: (told.append(work.replaces), apply(s, work, tick))[1])
    service.ask("apply", service.digest(a={"delay": 1}), replaces=said)
    service.operating.work_once()
    assert told == [None if said is None else tuple(said)]


def test_what_references_give_is_canonical_and_spelt_like_a_declaration(service: Service) -> None:
    desired = {"visibilityTimeout": "${a.b}", "tags": {"x": "$${y.z}", "on": "${a.on}"}, "delay": "${later.n}"}
    native = {"DelaySeconds": "${a.n}", "Tags": {"x": "${a.odd}"}}
    request = pb.ResolveRequest(
        provider_type="aws", values={"a.b": "30s", "a.n": "7", "a.on": "1", "a.odd": "${no.reference}"},
        resources=[
            pb.UnresolvedResource(urn="q", type="Queue", desired_json=json.dumps(desired)),
            pb.UnresolvedResource(
                urn="n", type="aws/AWS::SQS::Queue", desired_json=json.dumps(native), held_json='{"DelaySeconds": 5}'
            ),
        ],
    )  # fmt: skip
    service.app.providers = {"aws": guarded("aws", AwsProvider(), Patience())}
    answer = CloudsApi(service.app, Readers(service.app)).Resolve(request, None)  # type: ignore[arg-type]
    assert {r.urn: json.loads(r.desired_json) for r in answer.resources} == {
        "q": {"visibilityTimeout": 30, "tags": {"x": "$${y.z}", "on": "1"}, "delay": "${later.n}"},
        "n": {"DelaySeconds": 7, "Tags": {"x": "$${no.reference}"}},
    }
