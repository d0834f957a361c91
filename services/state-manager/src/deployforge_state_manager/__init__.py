"""The state manager remembers every version of every deployment.

Decides: what a version is, which resource changed, which version is known good.
Hears: what the orchestrator verified, what compliance found, what drifted, and what was found that is nobody's.
Says: versions recorded, and for each resource what it should be.
"""
