"""Role: Microsoft.ManagedIdentity/userAssignedIdentities."""

from collections.abc import Mapping
from typing import ClassVar

from deployforge_mcal.adapters.azure.kinds.base import Kind
from deployforge_mcal.adapters.bodies import Field
from deployforge_mcal.domain.types.role import ROLE


class RoleKind(Kind):
    """An identity that services can run as."""

    model = ROLE
    native_type = "Microsoft.ManagedIdentity/userAssignedIdentities"
    in_graph = True
    fields: ClassVar[Mapping[str, Field]] = {"tags": Field("tags")}
    respelt: ClassVar[Mapping[str, str]] = {"name": "name"}
