"""The orchestrator drives plans to done."""
