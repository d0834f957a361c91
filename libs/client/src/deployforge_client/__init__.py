"""The typed Python client of a DeployForge control plane."""
