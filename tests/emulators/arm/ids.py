"""Resource ids. Azure compares them without regard to case and keeps the spelling of whoever created the thing."""

import re
from dataclasses import dataclass
from typing import Final

from tests.emulators.arm.replies import Refused

_GROUP: Final = re.compile(r"/subscriptions/([^/]+)(?:/resourcegroups/([^/]+))?(/providers/.*)?/?", re.IGNORECASE)
_SEGMENT: Final = re.compile(r"[^<>%&?#/]{1,260}")


@dataclass(frozen=True)
class ArmId:
    """`/subscriptions/S/resourceGroups/G/providers/NS/T1/N1/T2/N2`, also with a second `/providers/…` behind it."""

    subscription: str
    group: str
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]
    scope: str = ""
    """The resource that an extension resource (a role assignment) belongs to."""

    @classmethod
    def parse(cls, text: str) -> "ArmId":
        """Raises Refused when it is no id of a resource."""
        scope, mark, own = text.rpartition("/providers/")
        head = _GROUP.fullmatch(scope)
        segments = own.strip("/").split("/")
        if not mark or head is None or len(segments) < 3 or len(segments) % 2 == 0:
            raise Refused(400, "InvalidResourceId", f"'{text}' is not a fully qualified resource id")
        if not all(_SEGMENT.fullmatch(s) for s in segments):
            raise Refused(400, "InvalidResourceName", f"'{text}' has a segment with characters that are not allowed")
        extends = scope if head[3] else ""
        return cls(head[1], head[2] or "", segments[0], tuple(segments[1::2]), tuple(segments[2::2]), extends)

    @property
    def type(self) -> str:
        """`Microsoft.Network/virtualNetworks/subnets`."""
        return "/".join((self.namespace, *self.types))

    @property
    def name(self) -> str:
        """The last name."""
        return self.names[-1]

    @property
    def parent(self) -> "ArmId | None":
        """The resource that this one is a child of."""
        if len(self.names) < 2:
            return None
        return ArmId(self.subscription, self.group, self.namespace, self.types[:-1], self.names[:-1], self.scope)

    @property
    def key(self) -> str:
        """What it is kept under."""
        return str(self).lower()

    def __str__(self) -> str:
        here = self.scope or f"/subscriptions/{self.subscription}" + (f"/resourceGroups/{self.group}" if self.group else "")
        own = "".join(f"/{t}/{n}" for t, n in zip(self.types, self.names, strict=True))
        return f"{here}/providers/{self.namespace}{own}"


def group_id(subscription: str, name: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{name}"
