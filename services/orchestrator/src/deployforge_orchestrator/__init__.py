"""The orchestrator drives plans to done.

Decides: what a manifest changes, in which native deployments and in which order, and what to do when one fails.
Hears: wishes and approvals of the control plane, outcomes of the cloud layer.
Says: plans, executions and their steps, what was read back, operations wanted.
"""
