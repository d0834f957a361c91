"""What CloudFormation says of a resource that failed, and of a template that it does not take, as codes and hints.

A reason is a sentence of the service behind it; handlers add a code of CloudFormation's own. Source: CloudFormation CLI
User Guide, "Handler error codes"; AWS Cloud Control API, "ProgressEvent".
"""

import re
from collections.abc import Mapping
from typing import Final

from deployforge_mcal.domain.hints import HINTS
from deployforge_mcal.domain.operation import Failure

_HANDLER: Final = re.compile(r"HandlerErrorCode: (\w+)")
_CODES: Final[Mapping[str, str]] = {
    "AccessDenied": "ACCESS_DENIED",
    "UnauthorizedTaggingOperation": "ACCESS_DENIED",
    "InvalidCredentials": "CREDENTIAL_REFUSED",
    "AlreadyExists": "ALREADY_EXISTS",
    "NotFound": "NOT_FOUND",
    "ResourceConflict": "UNIT_BUSY",
    "Throttling": "THROTTLED",
    "ServiceLimitExceeded": "LIMIT_EXCEEDED",
    "ServiceInternalError": "CLOUD_UNREACHABLE",
    "ServiceTimeout": "CLOUD_UNREACHABLE",
    "NetworkFailure": "CLOUD_UNREACHABLE",
    "InternalFailure": "CLOUD_UNREACHABLE",
}
#: For services whose resources have no handler of that kind. The first that is found counts.
_SAID: Final[tuple[tuple[str, str], ...]] = (
    (r"AccessDenied|UnauthorizedOperation|not authorized to perform|Access Denied", "ACCESS_DENIED"),
    (r"InvalidClientTokenId|SignatureDoesNotMatch|AuthFailure|security token included in the request is invalid",
     "CREDENTIAL_REFUSED"),
    (r"LimitExceeded|(?i:maximum number of|service quota|limit (has been )?exceeded|quota)", "LIMIT_EXCEEDED"),
    (r"AlreadyExists|AlreadyOwnedByYou|(?i:already exists|name is already in use)", "ALREADY_EXISTS"),
    (r"Throttling|(?i:rate exceeded)", "THROTTLED"),
    (r"Unrecognized resource types|(?i:not (supported|available) in (this|the|your requested) (region|availability zone))",
     "NOT_AVAILABLE"),
    (r"'templateBody' failed to satisfy constraint|Template may not exceed|(?i:template .*(size|bytes).*exceed)",
     "TOO_LARGE"),
)  # fmt: skip


def failure_for(reason: str, urn: str | None, otherwise: str, *, restored: bool = False) -> Failure:
    """The typed failure that a reason means; `otherwise` is its code where the reason says nothing that is known."""
    handler = _HANDLER.search(reason)
    code = _CODES.get(handler[1]) if handler is not None else None
    code = code or next((code for pattern, code in _SAID if re.search(pattern, reason)), otherwise)
    return Failure(code, reason, HINTS.get(code), urn, restored=restored)
