"""Role: IAM role, Azure managed identity, Google service account."""

from collections.abc import Mapping
from typing import Any, Final

from deployforge_mcal.domain.normalise import NotCanonical, as_set, duration, known, one_of, policy, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, TAGS, Property, UnifiedType, partial


def trust(value: Any) -> dict[str, Any]:
    """`{service: …}`, `{account: …}`, or both."""
    if not isinstance(value, Mapping) or not value or set(value) - {"service", "account"}:
        raise NotCanonical(value, "{service: …} or {account: …}")
    return {name: as_set(text)(who) for name, who in value.items()}


def inline(value: Any) -> dict[str, Any]:
    """`{name, document}`."""
    if not isinstance(value, Mapping) or set(value) != {"name", "document"}:
        raise NotCanonical(value, "{name, document}")
    return {"name": text(value["name"]), "document": policy(value["document"])}


ROLE: Final = UnifiedType(
    "Role",
    "An identity that a service or account can take on, and what it may do.",
    (
        Property("name", "string", "Fixed name; left out, one is generated.", known(text), create_only=True),
        Property("usedBy", "array", "Which types may run as it: compute, function; exactly these.", as_set(one_of("compute", "function")), is_set=True),  # noqa: E501
        Property("trust", "object", "The same in AWS's words, instead of `usedBy`: `{service: lambda.amazonaws.com}` or `{account: …}`.", trust),  # noqa: E501
        Property("trustPolicy", "object", "The same as a policy document.", policy),
        Property("policies", "array", "Inline policies `{name, document}`; exactly these.", as_set(inline), is_set=True),
        Property("managedPolicies", "array", "ARNs of managed policies; exactly these.", as_set(known(text)), is_set=True),
        Property("description", "string", "What it is for.", known(text)),
        Property("maxSession", "duration", "Longest session, `1h`.", known(duration)),
        TAGS,
    ),
    ("id", "name", "address"),
    {
        "aws": FULL,
        # Managed identities and service accounts are handed to whoever shall run as them when that is made.
        "azure": partial(
            "trust", "trustPolicy", "policies", "managedPolicies", "maxSession", "description", implied=["usedBy"],
        ),
        "gcp": partial(
            "trust", "trustPolicy", "policies", "managedPolicies", "maxSession", "tags", implied=["usedBy"],
        ),
        "terraform": NONE,
    },
    (("trust", "trustPolicy", "usedBy"),),
)  # fmt: skip
