"""A credential whose time is over opens nothing: an emulated AWS whose clock is put forward."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deployforge_chassis.testing import until
from deployforge_mcal.adapters.aws.errors import failure_of

from ..conftest import EmulatedAws, answers, free_port, start_emulator

_LIFE_SECONDS = 900
#: Python runs it before the emulator: what time it is, is in a file.
_CLOCK = """
import pathlib, time
_real, _ahead = time.time, pathlib.Path(__file__).with_name("ahead")
time.time = lambda: _real() + float(_ahead.read_text())
"""


@pytest.fixture
def clocked(tmp_path: Path) -> Iterator[tuple[EmulatedAws, Callable[[float], object]]]:
    """An emulated AWS of its own, and what puts its clock forward by seconds."""
    (tmp_path / "sitecustomize.py").write_text(_CLOCK)

    def forward(seconds: float) -> None:
        # In one step: it is read all the while.
        (tmp_path / "fresh").write_text(str(seconds))
        (tmp_path / "fresh").replace(tmp_path / "ahead")

    forward(0)
    port = free_port()
    process = start_emulator(port, tmp_path / "log", PYTHONPATH=str(tmp_path))
    cloud = EmulatedAws(f"http://127.0.0.1:{port}")
    try:
        until(answers(cloud.endpoint), within_seconds=60)
        cloud.prepare()
        yield cloud, forward
    finally:
        process.terminate()
        process.wait(10)


def test_a_credential_ends_after_its_quarter_of_an_hour(
    clocked: tuple[EmulatedAws, Callable[[float], object]], make_world: Callable[[str, Mapping[str, Any]], Any]
) -> None:
    cloud, forward = clocked
    world = make_world(cloud.endpoint, cloud.root)
    session = world.provider.open(world.root, world.work(unit=world.compile(world.resource("a", "Queue", {}))))
    named = {"QueueName": f"{world.unit_name}-a-1"}
    url = session.call("sqs", "create_queue", **named)["QueueUrl"]
    forward(_LIFE_SECONDS + 60)
    with pytest.raises(ClientError, match="expired") as refused:
        session.call("sqs", "delete_queue", QueueUrl=url)
    assert failure_of(refused.value).failure.code == "CREDENTIAL_EXPIRED"
    forward(0)
    session.call("sqs", "delete_queue", QueueUrl=url)
