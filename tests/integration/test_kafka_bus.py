"""The bus contract on the running system's Kafka: the same suite that the bus in memory passes."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from deployforge_chassis import tls
from deployforge_chassis.bus_contract import BusContract
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.identity import BROKER
from deployforge_chassis.kafka_bus import KafkaBus
from deployforge_local.settings import LocalSettings


class TestKafkaBus(BusContract):
    @pytest.fixture
    def topic(self) -> Iterator[str]:
        system, name = LocalSettings(), f"deployforge.scratch-{uuid4()}.v1"
        admin = AdminClient(
            {"bootstrap.servers": system.kafka_bootstrap, **tls.load(system.tls_dir, BROKER).kafka_settings()}
        )
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
