"""Errors as Azure words them."""

from typing import Any

from tests.emulators.messages import Reply


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
