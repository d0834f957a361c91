"""The `deployforge` command: a thin, friendly face of the Python client."""
