"""Function: Lambda function, Azure function app, Cloud Run function."""

import re
from collections.abc import Mapping
from typing import Any, Final

from deployforge_mcal.domain.normalise import NotCanonical, duration, known, mebibytes, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial

_RUNTIME: Final = re.compile(r"(python|nodejs|java|go|ruby|dotnet)[0-9][0-9.]*")


def runtime(value: Any) -> str:
    """A language and its version, `python3.12`, `nodejs22`; AWS writes some of them with `.x` behind."""
    said = text(value).removesuffix(".x")
    if _RUNTIME.fullmatch(said) is None:
        raise NotCanonical(value, "a language with its version such as python3.12, nodejs22, java21")
    return said


def code(value: Any) -> dict[str, str]:
    """`{store, key}`."""
    if not isinstance(value, Mapping) or set(value) != {"store", "key"}:
        raise NotCanonical(value, "{store, key}")
    return {"store": text(value["store"]), "key": text(value["key"])}


def variables(value: Any) -> dict[str, str]:
    """Name → text."""
    if not isinstance(value, Mapping):
        raise NotCanonical(value, "a mapping of names to texts")
    return {str(name): str(inner).lower() if isinstance(inner, bool) else text(inner) for name, inner in value.items()}


FUNCTION: Final = UnifiedType(
    "Function",
    "Code that runs when it is called.",
    (
        Property("name", "string", "Fixed name; left out, one is generated.", known(text), create_only=True),
        Property("description", "string", "What it is for.", known(text)),
        Property("runtime", "string", "Language and version, `python3.12`, `nodejs22`.", known(runtime), required=True),
        Property("handler", "string", "What is called in the code, `main.handler`.", known(text), required=True),
        Property("code", "object", "Where its archive is: `{store: ${code.name}, key: app.zip}`.", code, required=True),
        Property("role", "string", "Address of the role that it runs as, `${worker.address}`.", known(text), required=True),
        Property("memory", "size", "Memory, `256MiB`.", known(mebibytes)),
        Property("timeout", "duration", "How long a call may take, `30s`.", known(duration)),
        Property("environment", "object", "Environment variables by name.", variables),
        Property("secrets", "object", "Further environment variables; each is `${parameters.<name>}` of a parameter with `type: secret`.", variables, secret=True),  # noqa: E501
        TAGS,
    ),
    ("id", "name", "address"),
    {
        "aws": FULL,
        "azure": partial("memory", implied=["handler"]),
        "gcp": FULL,
        "terraform": NONE,
    },
    apart=(("secrets", "environment"),),
)  # fmt: skip
