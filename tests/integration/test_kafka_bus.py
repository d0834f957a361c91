"""The bus contract on the running system's Kafka: the same suite that the bus in memory passes."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from confluent_kafka.cimpl import NewTopic
from deployforge_chassis import tls
from deployforge_chassis.bus_contract import BusContract
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.identity import BROKER
from deployforge_chassis.kafka_bus import KafkaBus
from deployforge_chassis.topics import full_name
from deployforge_local.settings import LocalSettings


@pytest.mark.parametrize("service", ["mcal", "drift-detector"])
def test_only_its_owner_writes_to_a_topic(service: str) -> None:
    producer = Producer(_as(service))
    refused: list[object] = []
    # No batch: whoever hears it parks it.
    producer.produce(full_name("mcal.observations"), b"nothing", on_delivery=lambda error, _: refused.append(error))
    assert producer.flush(20) == 0
    [error] = refused
    assert (error is None) == (service == "mcal")
    assert error is None or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED  # type: ignore[attr-defined]


def test_no_service_makes_deletes_or_gives_rights() -> None:
    admin, name = AdminClient(_as("mcal")), full_name("mcal.observations")
    mine = AclBinding(
        ResourceType.TOPIC, name, ResourcePatternType.LITERAL, "User:healer", "*", AclOperation.WRITE,
        AclPermissionType.ALLOW,
    )  # fmt: skip
    asked = [
        *admin.create_topics([NewTopic("deployforge.mine.v1", 1, 1)]).values(), *admin.delete_topics([name]).values(),
        *admin.create_acls([mine]).values(),
    ]  # fmt: skip
    for future in asked:
        with pytest.raises(KafkaException, match=r"(?i)authoriz"):
            future.result(20)


def _as(service: str) -> dict[str, str]:
    system = LocalSettings()
    files = tls.load(system.tls_dir, service)
    return {"bootstrap.servers": system.kafka_bootstrap, **files.kafka_settings()}


class TestKafkaBus(BusContract):
    @pytest.fixture
    def topic(self) -> Iterator[str]:
        name, admin = f"deployforge.scratch-{uuid4()}.v1", AdminClient(_as(BROKER))
        admin.create_topics([NewTopic(name, num_partitions=2, replication_factor=1)])[name].result(30)
        yield name
        admin.delete_topics([name])[name].result(30)

    @pytest.fixture
    def bus(self) -> Iterator[KafkaBus]:
        system = LocalSettings()
        bus = KafkaBus(
            ServiceSettings(
                service=BROKER,
                database_url="postgresql:///unused",
                kafka_bootstrap=system.kafka_bootstrap,
                tls_dir=system.tls_dir,
            )
        )
        yield bus
        bus.close()
