"""Networks across all clouds and deployments: who has which addresses, and who reaches whom."""
