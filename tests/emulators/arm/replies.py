"""What is asked and what is answered, free of the web server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Ask:
    """One request. `path` is as it was sent, `query` has lower-case names, `headers` too."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None
    host: str = ""
    """Scheme and authority by which the caller found us, for the URLs in long-running operations."""


@dataclass(frozen=True)
class Reply:
    """One answer; a body of None is an empty one."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """An error in Azure's envelope: `{"error": {"code", "message", "target", "details"}}`."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str = "",
        details: tuple[Any, ...] = (),
        violated: str = "",
        **headers: str,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message, self.target, self.details = status, code, message, target, details
        self.violated = violated
        """Path in the template that is at fault."""
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def error(self) -> dict[str, Any]:
        """The error itself, as it also stands in operations and in details."""
        found: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target:
            found["target"] = self.target
        if self.details:
            found["details"] = list(self.details)
        if self.violated:
            # Lines of a template that came as JSON mean little; Azure counts them all the same.
            info = {"lineNumber": 1, "linePosition": 1, "path": self.violated}
            found["additionalInfo"] = [{"type": "TemplateViolation", "info": info}]
        return found

    def reply(self) -> Reply:
        """As an answer."""
        return Reply(self.status, {"error": self.error()}, self.headers)
