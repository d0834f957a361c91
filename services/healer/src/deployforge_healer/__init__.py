"""The healer mends drift, by proposing a plan.

Decides: which remedy, in which order, within which limits, and when people must look.
Hears: drift, versions with their healing policy, what became of its proposals.
Says: incidents, remedies chosen with the reasons, escalations.
"""
