"""The native escape hatch: `azure/Microsoft.Cache/redis`, declared as ARM has it.

    properties: {name, apiVersion, parent, sku, kind, identity, zones, tags, properties: {…}}

`apiVersion` may be left out where ours is pinned; `parent` is the id of what a child belongs to. What Azure itself
takes, it says when it is asked: ARM publishes no schema that a property could be checked against offline.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from deployforge_mcal.adapters.azure import versions
from deployforge_mcal.adapters.azure.kinds.base import own_tags
from deployforge_mcal.adapters.azure.placing import Place, parent_of
from deployforge_mcal.adapters.bodies import Body, Seed
from deployforge_mcal.domain.references import has_references
from deployforge_mcal.domain.units import Problem, ResourceSpec
from deployforge_mcal.domain.words import listed, nearest

#: What a declaration may have; the first four say where the resource is and not how.
ADDRESSING: Final = ("name", "apiVersion", "parent", "location")
FIELDS: Final = (*ADDRESSING, "sku", "kind", "identity", "plan", "zones", "tags", "properties", "managedBy")
#: What makes another resource when it is another.
CREATE_ONLY: Final = ("name", "parent", "location")
_TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)+(/[A-Za-z0-9]+)+")
_VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
#: Properties that Azure takes and never gives back, after its REST reference: only there may a secret stand.
WRITE_ONLY: Final[Mapping[str, tuple[str, ...]]] = {
    "microsoft.keyvault/vaults/secrets": ("properties.value",),
    "microsoft.dbforpostgresql/flexibleservers": ("properties.administratorLoginPassword",),
    "microsoft.dbformysql/flexibleservers": ("properties.administratorLoginPassword",),
    "microsoft.sql/servers": ("properties.administratorLoginPassword",),
    "microsoft.compute/virtualmachines": ("properties.osProfile.adminPassword",),
}


def is_type(native: str) -> bool:
    """Whether this can be the name of a type."""
    return _TYPE.fullmatch(native) is not None


def problems(native: str, spec: ResourceSpec) -> list[Problem]:
    """What is wrong with a declaration, as far as that can be told without Azure."""
    where = f"{spec.name}.properties"
    given = spec.properties
    found = [
        Problem(f"{where}.{name}", f"{native} has no field {name}", listed(FIELDS), nearest(name, FIELDS))
        for name in given
        if name not in FIELDS
    ]
    version = given.get("apiVersion", versions.pinned(native))
    if version is None:
        found.append(Problem(f"{where}.apiVersion", f"apiVersion of {native} is required", "a date such as 2024-05-01"))
    elif not isinstance(version, str) or not _VERSION.fullmatch(version):
        found.append(Problem(f"{where}.apiVersion", f"{version!r} is not an api-version", "a date such as 2024-05-01"))
    if native.count("/") > 1 and not isinstance(given.get("parent"), str):
        found.append(Problem(f"{where}.parent", f"{native} belongs to another resource", "its id, ${name.id}"))
    for name in ("properties", "sku", "identity", "tags"):
        if name in given and not isinstance(given[name], Mapping):
            found.append(Problem(f"{where}.{name}", f"{name} is not an object", "an object"))
    if spec.native:
        found.append(Problem(f"{spec.name}.native", "a native type has no overlay", "write it into properties"))
    return found


def id(native: str, place: Place, seed: Seed, values: Mapping[str, Any]) -> str:
    """The id of a declaration; values may hold references."""
    name = str(values.get("name") or f"{seed.name[:40]}-{seed.digits()}")
    if values.get("parent"):
        return f"{values['parent']}/{native.rpartition('/')[2]}/{name}"
    return place.resource(native, name)


def desired(values: Mapping[str, Any]) -> Body:
    """What is enforced, where the resource is among it."""
    found = {name: value for name, value in values.items() if name != "apiVersion"}
    if isinstance(found.get("location"), str) and not has_references(found["location"]):
        found["location"] = _place(found["location"])
    return found


def body(values: Mapping[str, Any]) -> Body:
    """What is put."""
    return {name: value for name, value in values.items() if name not in ADDRESSING}


def live(native: str, shown: Mapping[str, Any]) -> dict[str, Any]:
    """What Azure shows, as it is declared."""
    found: dict[str, Any] = {name: value for name, value in shown.items() if name in FIELDS and name not in ADDRESSING}
    id = str(shown.get("id", ""))
    found |= {"name": id.rpartition("/")[2], "parent": parent_of(id)}
    if shown.get("location"):
        found["location"] = _place(str(shown["location"]))
    if "tags" in found:
        found["tags"] = own_tags(found["tags"])
    hidden = {path.partition(".")[2] for path in WRITE_ONLY.get(native.lower(), ())}
    inner = found.get("properties")
    if isinstance(inner, Mapping):
        found["properties"] = {k: v for k, v in inner.items() if k not in hidden and k != "provisioningState"}
    return found


def _place(location: str) -> str:
    """`West Europe` is `westeurope`."""
    return location.lower().replace(" ", "")


def attributes(resource: str, name: str, shown: Mapping[str, Any]) -> dict[str, str]:
    """What references resolve to: id, name, and every text among the properties by its path."""
    found: dict[str, str] = {}

    def walk(value: Any, path: str) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                walk(inner, f"{path}.{key}" if path else str(key))
        elif isinstance(value, str):
            found[path] = value

    walk(shown.get("properties") or {}, "")
    return {**found, "id": resource, "name": name, "address": resource}
