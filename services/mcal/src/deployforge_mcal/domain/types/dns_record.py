"""DnsRecord: Route 53 record set, Azure DNS record set, Cloud DNS record set."""

from typing import Any, Final

from deployforge_mcal.domain.normalise import as_set, duration, known, one_of, text
from deployforge_mcal.domain.types.vocabulary import FULL, NONE, Property, UnifiedType


def host(value: Any) -> str:
    """A name in lower case with no dot behind: `WWW.Example.com.` is `www.example.com`."""
    return text(value).strip().lower().removesuffix(".")


DNS_RECORD: Final = UnifiedType(
    "DnsRecord",
    "What a name in a DNS zone stands for.",
    (
        Property("zone", "string", "The zone: its id on AWS, its name elsewhere.", known(text), required=True, create_only=True),  # noqa: E501
        Property("name", "string", "Full name, `www.example.com`.", known(host), required=True, create_only=True),
        Property("record", "string", "A, AAAA, CNAME, TXT, MX, NS, SRV or CAA.", known(one_of("A", "AAAA", "CNAME", "TXT", "MX", "NS", "SRV", "CAA")), required=True, create_only=True),  # noqa: E501
        Property("ttl", "duration", "How long resolvers may keep it, `5m`; that if left out.", known(duration), default=300),  # noqa: E501
        Property("values", "array", "What it stands for; exactly these.", as_set(known(text)), required=True, is_set=True),
    ),
    ("id", "name"),
    {"aws": FULL, "azure": FULL, "gcp": FULL, "terraform": NONE},
)  # fmt: skip
