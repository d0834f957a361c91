"""Schema registries: where the number in front of every message gets its meaning.

`RegistryClient` speaks the Confluent API over HTTP; `MemoryRegistry` is the same in memory, for tests and for the
in-memory bus. Both pass one contract suite.
"""

import json
import ssl
import threading
from typing import Any, Final, Protocol

import httpx

from deployforge_chassis.compatibility import incompatibilities

COMPATIBILITY: Final = "FULL_TRANSITIVE"
_TYPE: Final = "application/vnd.schemaregistry.v1+json"
_TIMEOUT_SECONDS: Final = 5.0


class RegistryUnavailable(Exception):
    """The registry cannot answer now; the same question may succeed later. Transient."""


class UnknownSchema(LookupError):
    """The registry answers, and knows no schema of this id. Permanent."""

    def __init__(self, schema_id: int) -> None:
        super().__init__(f"the registry has no schema {schema_id}")
        self.schema_id = schema_id


class IncompatibleSchema(Exception):
    """The registry refuses a version that readers or writers of another version could not live with. Permanent."""

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(f"{subject}: {reason}")
        self.subject = subject


class Registry(Protocol):
    """Gives schemas their ids. Safe for threads. Every method may raise RegistryUnavailable."""

    def require_full_transitive(self) -> None:
        """From now on, refuse versions that are not compatible both ways with all earlier ones."""
        ...

    def register(self, subject: str, schema: str) -> int:
        """The id of `schema` (JSON text) under `subject`; the same again for the same text. IncompatibleSchema."""
        ...

    def schema(self, schema_id: int) -> str:
        """The JSON text of the schema with this id. UnknownSchema."""
        ...


class MemoryRegistry:
    """A registry that lives as long as the process. `down` makes it unreachable, for tests of that."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: list[str] = []
        self._subjects: dict[str, list[int]] = {}
        self._full_transitive = False
        self.down = False

    def require_full_transitive(self) -> None:
        self._must_be_up()
        self._full_transitive = True

    def register(self, subject: str, schema: str) -> int:
        self._must_be_up()
        text = json.dumps(json.loads(schema), separators=(",", ":"))
        with self._lock:
            ids = self._subjects.setdefault(subject, [])
            for known in ids:
                if self._texts[known - 1] == text:
                    return known
            if self._full_transitive:
                for known in ids:
                    if reasons := incompatibilities(json.loads(self._texts[known - 1]), json.loads(text)):
                        raise IncompatibleSchema(subject, "; ".join(reasons))
            if text not in self._texts:
                self._texts.append(text)
            schema_id = self._texts.index(text) + 1
            ids.append(schema_id)
            return schema_id

    def schema(self, schema_id: int) -> str:
        self._must_be_up()
        with self._lock:
            if not 0 < schema_id <= len(self._texts):
                raise UnknownSchema(schema_id)
            return self._texts[schema_id - 1]

    def _must_be_up(self) -> None:
        if self.down:
            raise RegistryUnavailable("the registry is down")


class RegistryClient:
    """A registry at `url`, the base of its Confluent API (for Apicurio: `http://host:port/apis/ccompat/v7`)."""

    def __init__(self, url: str, context: ssl.SSLContext | None = None) -> None:
        self._http = httpx.Client(
            base_url=url.rstrip("/") + "/",
            timeout=_TIMEOUT_SECONDS,
            verify=context if context is not None else True,
            headers={"Accept": f"{_TYPE}, application/json"},
            trust_env=False,
        )

    def require_full_transitive(self) -> None:
        self._ask("PUT", "config", {"compatibility": COMPATIBILITY})

    def register(self, subject: str, schema: str) -> int:
        answer = self._ask("POST", f"subjects/{subject}/versions", {"schema": schema}, subject=subject)
        return int(answer["id"])

    def schema(self, schema_id: int) -> str:
        answer = self._ask("GET", f"schemas/ids/{schema_id}", schema_id=schema_id)
        return str(answer["schema"])

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _ask(self, method: str, path: str, body: Any = None, *, subject: str = "", schema_id: int = 0) -> dict[str, Any]:
        content = None if body is None else json.dumps(body)
        try:
            response = self._http.request(method, path, content=content, headers={"Content-Type": _TYPE})
        except httpx.TransportError as failure:
            raise RegistryUnavailable(f"{method} {path}: {type(failure).__name__}") from failure
        match response.status_code:
            case 200:
                answer: dict[str, Any] = response.json()
                return answer
            case 404 if schema_id:
                raise UnknownSchema(schema_id)
            case 409 | 422 if subject:
                raise IncompatibleSchema(subject, f"refused by the registry: {response.text[:500]}")
            case status:
                raise RegistryUnavailable(f"{method} {path}: status {status}")
