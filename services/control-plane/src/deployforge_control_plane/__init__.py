"""The control-plane decides who may do what.

Decides: who is let in, which manifests are valid, which plans may be executed, what is compliant.
Hears: plans, executions and verified values, versions, drift, incidents, what the cloud layer does.
Says: wishes, approvals, rejections, cancellations, compliance reports.
"""
