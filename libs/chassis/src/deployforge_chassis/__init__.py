"""Transport, security, observation and time for event-sourced services."""
