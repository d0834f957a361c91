"""Events stored by every release so far are read by this one."""

from pathlib import Path

from deployforge_chassis.golden_contract import GoldenEvents


class TestGoldenEvents(GoldenEvents):
    package = "deployforge_control_plane"
    directory = Path(__file__).parents[1] / "golden"
