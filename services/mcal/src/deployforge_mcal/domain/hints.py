"""What to do about a failure whose adapter does not say it. An adapter knows better: its own hint comes first."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from deployforge_mcal.domain.operation import Failure

_CORRECT: Final = "correct what the message names, and apply again"

HINTS: Final[Mapping[str, str]] = {
    "ACCESS_DENIED": "give the credential the permission that is missing; `deployforge credentials test` lists them",
    "ALREADY_EXISTS": "choose another name, or import the existing resource",
    "API_VERSION_UNKNOWN": "use an api-version that the cloud has",
    "CLI_FAILED": "do what the program asks for, and apply again",
    "CLI_UNUSABLE": "install OpenTofu or Terraform, and name it in the adapter's `cli`",
    "CLOUD_UNREACHABLE": "run it again when the cloud answers",
    "CREDENTIAL_EXPIRED": "run the operation again",
    "CREDENTIAL_INCOMPLETE": "store the credential again, with everything that is missing",
    "CREDENTIAL_REFUSED": "store the root credential again",
    "CREDENTIAL_UNKNOWN": "store it with `deployforge credentials put`",
    "LIMIT_EXCEEDED": "ask the cloud for a higher quota, or use less",
    "NOT_AVAILABLE": "use a region that has it",
    "NOT_FOUND": "it was deleted; recreate it",
    "STATE_UNREACHABLE": "run it again when the database of the state answers",
    "TEMPLATE_UNKNOWN": "plan again",
    "THROTTLED": "the cloud asks for fewer calls; run it again later",
    "TOO_LARGE": "declare it in several deployments",
    "UNIT_BUSY": "wait for the other operation to end",
}


def hinted(failure: Failure) -> Failure:
    """The failure, with a hint in any case."""
    return failure if failure.hint else replace(failure, hint=HINTS.get(failure.code, _CORRECT))
