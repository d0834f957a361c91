"""Globs over resources and paths."""

import pytest
from deployforge_drift_detector.domain.rules import covers, matches


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        ("tags", "tags.env", True),
        ("tags.*", "tags.env", True),
        ("tags.kubernetes.io/*", "tags.kubernetes.io/name", True),
        ("tags.kubernetes.io/*", "tags.env", False),
        ("**.public*", "publicAccess", True),
        ("**.public*", "network.publicIp", True),
        ("**.public*", "network.ip", False),
        ("*.b", "a.x.b", False),
        ("**", "anything.at.all", True),
        ("tag?", "tags", True),
        ("delay", "delaySeconds", False),
    ],
)
def test_paths(pattern: str, path: str, covered: bool) -> None:
    assert covers(pattern, path) is covered


def test_resources() -> None:
    assert matches("*", "orders") and matches("ord*", "orders") and not matches("ord", "orders")
