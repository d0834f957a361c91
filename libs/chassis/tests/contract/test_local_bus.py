from collections.abc import Iterator

import pytest
from deployforge_chassis.bus_contract import BusContract
from deployforge_chassis.local_bus import LocalBus
from deployforge_chassis.topics import Topic, Topics, full_name


class TestLocalBus(BusContract):
    @pytest.fixture
    def topic(self) -> str:
        return full_name("scratch.things")

    @pytest.fixture
    def bus(self) -> Iterator[LocalBus]:
        bus = LocalBus(Topics({"scratch.things": Topic("scratch.things", "fact", "scratch", "key", 2, ("Said",))}))
        yield bus
        bus.close()
