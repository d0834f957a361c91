"""A Google Cloud for tests, as far as DeployForge needs one."""
