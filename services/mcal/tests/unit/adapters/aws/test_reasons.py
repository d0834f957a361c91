"""What CloudFormation says of a failure is told by a code, in its own words, with what to do."""

import pytest
from botocore.exceptions import ClientError
from deployforge_mcal.adapters.aws.errors import failure_of
from deployforge_mcal.adapters.aws.reasons import failure_for


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ('Resource handler returned message: "Access denied" (RequestToken: 1, HandlerErrorCode: AccessDenied)', "ACCESS_DENIED"),
        ("jobs already exists (RequestToken: 1, HandlerErrorCode: AlreadyExists)", "ALREADY_EXISTS"),
        ("The maximum number of VPCs has been reached. (Service: Ec2, HandlerErrorCode: ServiceLimitExceeded)", "LIMIT_EXCEEDED"),
        ("The maximum number of VPCs has been reached. (Service: Ec2, HandlerErrorCode: GeneralServiceException)", "LIMIT_EXCEEDED"),
        ("User: arn:aws:sts::1:assumed-role/x is not authorized to perform: sqs:CreateQueue", "ACCESS_DENIED"),
        ("API: ec2:RunInstances You are not authorized (Error Code: UnauthorizedOperation)", "ACCESS_DENIED"),
        ("Resource of type 'AWS::S3::Bucket' with identifier 'taken' already exists.", "ALREADY_EXISTS"),
        ("The security token included in the request is invalid (Error Code: InvalidClientTokenId)", "CREDENTIAL_REFUSED"),
        ("Rate exceeded (Error Code: Throttling)", "THROTTLED"),
        ("The requested configuration is currently not supported in this region", "NOT_AVAILABLE"),
        ("Encountered unsupported property DelaySecond (HandlerErrorCode: InvalidRequest)", "RESOURCE_FAILED"),
    ],
)  # fmt: skip
def test_a_resources_reason_has_a_code(reason: str, code: str) -> None:
    failure = failure_for(reason, "urn:x", "RESOURCE_FAILED")
    assert (failure.code, failure.message, failure.urn) == (code, reason, "urn:x")
    assert bool(failure.hint) is (code != "RESOURCE_FAILED")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Template format error: Unrecognized resource types: [AWS::Moon::Base]", "NOT_AVAILABLE"),
        ("1 validation error detected: Value '…' at 'templateBody' failed to satisfy constraint: Member must have length "
         "less than or equal to 51200", "TOO_LARGE"),
        ("Template may not exceed 1000000 bytes in size.", "TOO_LARGE"),
        ("Template error: every Fn::Join must be a list", "INVALID"),
    ],
)  # fmt: skip
def test_a_template_that_is_refused_says_why(said: str, code: str) -> None:
    error = ClientError({"Error": {"Code": "ValidationError", "Message": said}}, "CreateChangeSet")
    failure = failure_of(error).failure
    assert (failure.code, failure.message) == (code, said)
