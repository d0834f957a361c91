"""Clouds that nobody publishes an emulator of, each a process of its own."""
