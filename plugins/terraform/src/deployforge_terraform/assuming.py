"""Short-lived AWS credentials for the program in place of the root credential's own.

What a configuration will call is known to Terraform's providers alone, so the role is not narrowed to single actions; but
it ends within the hour, a read gets AWS's ReadOnlyAccess as its session policy, and the root key never leaves mcal. Source:
STS API reference, AssumeRole, `PolicyArns`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deployforge_terraform.errors import failed

#: A run may take an hour; what takes longer fails, and is taken up again by the next attempt.
LIFE_SECONDS: Final = 3600
#: Variables that the session's credentials are given in, which a root credential with a role may not set by itself.
VARIABLES: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_NEEDED: Final = ("accessKeyId", "secretAccessKey", "roleArn")
_CONFIG: Final = Config(connect_timeout=3, read_timeout=20, retries={"total_max_attempts": 3})


def assumed(
    root: Any, reference: str, name: str, environment: Mapping[str, str], *, read_only: bool
) -> tuple[dict[str, str], datetime]:
    """Variables with credentials of the role, and when they end. `environment` tells the region, and an emulator's address
    where there is one. Raises ProviderFailure, with names and never a value in it."""
    if not isinstance(root, Mapping) or (
        missing := [n for n in _NEEDED if not isinstance(root.get(n), str) or not root[n]]
    ):
        lacking = ", ".join(missing) if isinstance(root, Mapping) else "an object with " + ", ".join(_NEEDED)
        raise failed("CREDENTIAL_INCOMPLETE", f"aws of credential {reference} lacks {lacking}")
    if twice := [variable for variable in VARIABLES if variable in environment]:
        raise failed(
            "CREDENTIAL_REFUSED", f"credential {reference} has a role in aws and sets {', '.join(twice)} beside it"
        )
    policies = {"PolicyArns": [{"arn": f"arn:{_partition(root['roleArn'])}:iam::aws:policy/ReadOnlyAccess"}]}
    make: Any = boto3.client
    try:
        sts = make(
            "sts", region_name=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1",
            endpoint_url=environment.get("AWS_ENDPOINT_URL_STS") or environment.get("AWS_ENDPOINT_URL"), config=_CONFIG,
            aws_access_key_id=root["accessKeyId"], aws_secret_access_key=root["secretAccessKey"],
        )  # fmt: skip
        made = sts.assume_role(
            RoleArn=root["roleArn"], RoleSessionName=name[:64], DurationSeconds=LIFE_SECONDS,
            **(policies if read_only else {}),
        )["Credentials"]  # fmt: skip
    except ClientError as error:
        said = str(error.response.get("Error", {}).get("Message", "")).replace(root["accessKeyId"], "(secret)")
        raise failed("CREDENTIAL_REFUSED", said or "AWS refuses it", "store the root credential again") from None
    except BotoCoreError as error:
        raise failed("CLOUD_UNREACHABLE", f"AWS cannot be reached: {type(error).__name__}", retryable=True) from None
    values = (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    return dict(zip(VARIABLES, values, strict=True)), made["Expiration"]


def _partition(arn: str) -> str:
    parts = arn.split(":")
    return parts[1] if len(parts) > 1 and parts[1] else "aws"
