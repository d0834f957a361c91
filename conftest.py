"""Fixtures that every test may use."""

pytest_plugins = ["deployforge_chassis.testing"]
