"""Deployment Manager v2 as the engine of a unit: `engine: deployment-manager`. Legacy: Google ended it on 31 March 2026."""
