"""Errors as Google words them."""

from typing import Any, Final

from tests.emulators.messages import Reply

_WORDS: Final = {
    400: ("INVALID_ARGUMENT", 3), 401: ("UNAUTHENTICATED", 16), 403: ("PERMISSION_DENIED", 7), 404: ("NOT_FOUND", 5),
    409: ("ALREADY_EXISTS", 6), 412: ("FAILED_PRECONDITION", 9), 429: ("RESOURCE_EXHAUSTED", 8), 500: ("INTERNAL", 13),
    503: ("UNAVAILABLE", 14),
}  # fmt: skip


class Refused(Exception):
    """An error in Google's envelope: `{"error": {"code", "message", "status", "details"}}`."""

    def __init__(self, status: int, message: str, *, word: str = "", reason: str = "", **headers: str) -> None:
        super().__init__(message)
        self.status, self.message, self.reason = status, message, reason
        self.word, self.number = _WORDS.get(status, ("UNKNOWN", 2))
        self.word = word or self.word
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def details(self) -> list[dict[str, Any]]:
        """google.rpc.ErrorInfo, where there is a reason."""
        if not self.reason:
            return []
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": self.reason, "domain": "googleapis.com"}
        return [info]

    def reply(self) -> Reply:
        """As an answer."""
        error: dict[str, Any] = {"code": self.status, "message": self.message, "status": self.word}
        if self.reason:
            error["details"] = self.details()
        return Reply(self.status, {"error": error}, self.headers)

    def terraform(self, address: str) -> dict[str, Any]:
        """As Infrastructure Manager tells it of a resource."""
        return {
            "resourceAddress": address, "httpResponseCode": self.status,
            "errorDescription": f"Error: googleapi: Error {self.status}: {self.message}",
            "error": {"code": self.number, "message": self.message, "details": self.details()},
        }  # fmt: skip
