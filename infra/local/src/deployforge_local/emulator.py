"""ministack as AWS, with IAM enforcement on."""

import json
import sys
from pathlib import Path

import boto3
import httpx
from botocore.exceptions import ClientError

from deployforge_local import azure, gcp, terraform
from deployforge_local.people import write_secret
from deployforge_local.settings import MINISTACK, LocalSettings

ACCOUNT = "000000000000"
ROLE = "deployforge-deployer"
#: ministack's documented root credential; it opens nothing but the emulator.
ROOT_KEY = "test"
_REGION = "us-east-1"


def command() -> list[str]:
    """How to start the emulator."""
    return [str(Path(sys.executable).parent / "ministack")]


def environment(settings: LocalSettings) -> dict[str, str]:
    """Loopback only, state kept over a restart, every call judged by IAM policies."""
    data = settings.data_dir / "ministack"
    return {
        "GATEWAY_PORT": str(settings.port(MINISTACK)),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "s3"),
        "LOG_LEVEL": "WARNING",
    }


def is_ready(settings: LocalSettings) -> bool:
    """Whether it answers."""
    try:
        return httpx.get(f"{settings.ministack_url}/_ministack/health", timeout=2).status_code < 500
    except httpx.HTTPError:
        return False


def prepare_account(settings: LocalSettings) -> None:
    """Make the role that every operation's credential is cut from, and the file that tells mcal."""
    iam = boto3.client(
        "iam",
        endpoint_url=settings.ministack_url,
        region_name=_REGION,
        aws_access_key_id=ROOT_KEY,
        aws_secret_access_key=ROOT_KEY,
    )
    try:
        arn = iam.get_role(RoleName=ROLE)["Role"]["Arn"]
    except ClientError:
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        arn = iam.create_role(
            RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )["Role"]["Arn"]
    # What an operation may do is decided by its session policy, which can only narrow this.
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_role_policy(
        RoleName=ROLE,
        PolicyName="deploy",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )
    credential = {"type": "aws", "accessKeyId": ROOT_KEY, "secretAccessKey": ROOT_KEY, "roleArn": arn}
    credentials = {
        "aws-local": credential, "azure-local": azure.CREDENTIAL, "gcp-local": gcp.CREDENTIAL,
        terraform.REFERENCE: terraform.credential(settings),
    }  # fmt: skip
    write_secret(settings.credentials_file, json.dumps(credentials))
