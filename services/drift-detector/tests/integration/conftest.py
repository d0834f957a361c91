"""These tests need the Kafka of a running system. Where the environment names none there is nothing to collect."""

import os

#: What names a system, see `deployforge_local.settings`.
_NAMED = all(os.environ.get(f"DEPLOYFORGE_{name}") for name in ("HOME", "PORT_BASE"))

collect_ignore_glob = [] if _NAMED else ["test_*.py"]
