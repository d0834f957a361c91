"""The state-manager remembers every version of what was deployed."""
