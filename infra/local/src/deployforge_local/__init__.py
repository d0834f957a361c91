"""Runs the whole system on one machine, on loopback, from published packages."""
