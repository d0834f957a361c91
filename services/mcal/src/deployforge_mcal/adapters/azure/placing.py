"""Where things are in Azure: a scope's account is `<subscription>/<resource group>`."""

from dataclasses import dataclass

from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import Scope

PROVIDER = "azure"


@dataclass(frozen=True)
class Place:
    """A resource group."""

    subscription: str
    group: str
    location: str

    @classmethod
    def of(cls, scope: Scope) -> "Place":
        """Raises ProviderFailure for a scope that names no resource group."""
        subscription, _, group = scope.account.partition("/")
        if not subscription or not group:
            said = f"{scope.account!r} is not <subscription>/<resource group>"
            raise ProviderFailure(Failure("INVALID", said, "give the provider `subscription` and `resourceGroup`"))
        return cls(subscription, group, scope.location)

    @classmethod
    def holding(cls, id: str) -> "Place":
        """The group that a resource is in."""
        words = id.split("/")
        return cls(words[2], words[4], "") if len(words) > 4 else cls("", "", "")

    @property
    def id(self) -> str:
        """The group's id."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"

    def resource(self, type: str, *names: str) -> str:
        """The id of a resource in the group."""
        namespace, *types = type.split("/")
        return f"{self.id}/providers/{namespace}" + "".join(f"/{t}/{n}" for t, n in zip(types, names, strict=True))


def type_of(id: str) -> str:
    """`Microsoft.Network/virtualNetworks/subnets` of an id."""
    namespace, *rest = id.rpartition("/providers/")[2].split("/")
    return "/".join((namespace, *rest[::2]))


def names_of(id: str) -> tuple[str, ...]:
    """The names in an id, outermost first."""
    return tuple(id.rpartition("/providers/")[2].split("/")[2::2])


def parent_of(id: str) -> str:
    """The id of the resource that this one is a child of, or an empty string."""
    return id.rsplit("/", 2)[0] if len(names_of(id)) > 1 else ""


def beside(id: str, type: str) -> str:
    """The id of a resource of another type that has the same name in the same group."""
    return f"{id.rpartition('/providers/')[0]}/providers/{type}/{names_of(id)[-1]}"


def same(one: str, other: str) -> bool:
    """Whether two ids are the same: Azure does not look at case."""
    return one.lower() == other.lower()
