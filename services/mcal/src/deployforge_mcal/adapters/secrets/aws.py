"""Secrets in AWS Secrets Manager, `secret://aws/<name>`, in the account and region where the secret is needed.

The credential lives for one call: the root reference's role, cut down to reading this one secret.
"""

from collections.abc import Mapping
from uuid import uuid4

from deployforge_mcal.adapters.aws.credentials import open_session
from deployforge_mcal.adapters.aws.errors import failure_of
from deployforge_mcal.adapters.aws.kinds.base import arn
from deployforge_mcal.application.secrets import SecretAccess, SecretUnavailable
from deployforge_mcal.application.stores import CredentialUnknown


class AwsSource:
    """See SecretSource. `endpoint` is an emulator's; empty means AWS itself."""

    def __init__(self, endpoint: str = "") -> None:
        self._endpoint = endpoint

    def resolve(self, name: str, access: SecretAccess) -> str:
        """See SecretSource."""
        reference = f"secret://aws/{name}"
        if access.scope.provider_type != "aws":
            raise SecretUnavailable(reference, f"is in AWS, and what needs it is in {access.scope.provider_type}")
        # AWS appends a dash and six characters to the name.
        secret = arn("secretsmanager", access.scope, f"secret:{name}-??????")
        statement = {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": [secret]}
        try:
            session = open_session(
                access.root(), access.scope, f"df-secret-{uuid4()}", [statement], endpoint=self._endpoint, read_only=True
            )
            found = session.call("secretsmanager", "get_secret_value", SecretId=name)
        except CredentialUnknown as unknown:
            raise SecretUnavailable(reference, str(unknown)) from None
        except Exception as error:
            # Not chained: only AWS's own code is repeated, whatever else it may say.
            failure = failure_of(error).failure
            raise SecretUnavailable(reference, failure.code, retryable=failure.retryable) from None
        if not isinstance(found.get("SecretString"), str):
            raise SecretUnavailable(reference, "holds bytes, not text")
        return str(found["SecretString"])


def from_options(options: Mapping[str, str]) -> AwsSource:
    """The entry point: `endpoint`."""
    return AwsSource(options.get("endpoint", ""))
