"""Google Cloud: Infrastructure Manager deploys, Cloud Asset Inventory and each service's own REST are read."""
