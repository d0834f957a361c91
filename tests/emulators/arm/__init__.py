"""An Azure Resource Manager of our own, for tests and for the local system; see README.md for what it does not model."""
