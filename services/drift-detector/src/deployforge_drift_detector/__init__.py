"""The drift-detector notices when reality moves.

It decides what is drift and how bad it is, and when to look. It hears what mcal observed, what the state-manager
desires and which executions run. It says ScanRequested, DriftDetected, DriftResolved and AnomalyDetected.
"""
