"""Fixtures that every test may use, and what a run says at its end."""

from typing import Any

import pytest
from hypothesis import settings

pytest_plugins = ["deployforge_chassis.testing"]

# How fast something is, benchmarks say: an example that took long on a busy machine is no failure.
settings.register_profile("deployforge", deadline=None)
settings.load_profile("deployforge")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was deployed and looked at at once, by type, and how much of it was taken for drift."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    fresh: list[dict[str, Any]] = [value for one in reports for name, value in one.user_properties if name == "fresh"]
    if not fresh:
        return
    types: dict[str, int] = {}
    for type in (type for one in fresh for type in one["checked"]):
        types[type] = types.get(type, 0) + 1
    templates = {one["template"] for one in fresh} - {""}
    unread = {type for one in fresh for type in one["not_checked"]}
    terminalreporter.section("false drift")
    for type, count in sorted(types.items()):
        terminalreporter.write_line(f"{count:4} {type}")
    terminalreporter.write_line(
        f"types: {len(types)}, resources: {sum(types.values())}, templates: {len(templates)}, "
        f"types without a reader: {len(unread)}, false drifts: {sum(one['false_drifts'] for one in fresh)}"
    )
