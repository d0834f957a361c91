"""mcal decides nothing: it touches clouds, so that nobody else needs an SDK or a credential.

Hears: OperationRequested, ScanRequested, DesiredState.
Says: CredentialIssued, OperationSucceeded, OperationFailed; as telemetry OperationProgressed, ObservationBatch,
UnmanagedListed.
"""
