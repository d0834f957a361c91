"""LoadBalancer: a forwarding rule of the region with the backend service behind it; for HTTP with a target proxy and a URL
map between the two, all of one name.

Backends and health checks are attached to the backend service by whoever serves: an instance group, a controller of
Kubernetes. The blueprint leaves them as they are.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.bodies import Body, Field, Native
from deployforge_mcal.adapters.gcp.kinds.base import Kind, Source, named
from deployforge_mcal.adapters.gcp.natives import GOOGLE, GoogleType
from deployforge_mcal.adapters.gcp.placing import relative
from deployforge_mcal.domain.types.load_balancer import LOAD_BALANCER

_BACKENDS, _ROUTES, _PROXY = "backends", "routes", "proxy"
#: part → Terraform's type of it, and the collection that it is in
_PARTS: Final[Mapping[str, tuple[str, str]]] = {
    _BACKENDS: ("google_compute_region_backend_service", "backendServices"),
    _ROUTES: ("google_compute_region_url_map", "urlMaps"),
    _PROXY: ("google_compute_region_target_http_proxy", "targetHttpProxies"),
    "": ("google_compute_forwarding_rule", "forwardingRules"),
}
_HTTP_PORT: Final = "80"
_SCHEME: Final = "loadBalancingScheme"
_MANAGED, _INTERNAL, _EXTERNAL = "INTERNAL_MANAGED", "INTERNAL", "EXTERNAL"


class LoadBalancerKind(Kind):
    """One address in front of many instances."""

    model = LOAD_BALANCER
    google = _PARTS[""][0]
    others: ClassVar[Mapping[str, str]] = {part: google for part, (google, _) in _PARTS.items() if part}
    attributes = ("id", "address", "host")
    listed = True
    fields: ClassVar[Mapping[str, Field]] = {"tags": Field("labels")}
    respelt: ClassVar[Mapping[str, str]] = {
        "name": "name", "layer": _SCHEME, "public": _SCHEME, "subnets": "subnetwork",
    }  # fmt: skip
    constants: ClassVar[Mapping[str, Body]] = {_BACKENDS: {}, "": {"IPProtocol": "TCP"}}
    unchangeable: ClassVar[frozenset[str]] = frozenset({"subnets"})
    later: ClassVar[Mapping[str, str]] = {"host": "ip_address"}

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        yield from super().problems(values)
        if values.get("public") is True and values.get("layer") == "application":
            said = "a public load balancer for HTTP of Google Cloud needs a network, which a LoadBalancer does not name"
            yield "public", said, "layer: network, or gcp/google_compute_forwarding_rule with what it needs"
        elif values.get("public") is not True and len(values.get("subnets") or ()) != 1:
            yield "subnets", "a load balancer of Google Cloud lies in one subnet, which spans the region", "one subnet"

    def meaningless(self, values: Mapping[str, Any]) -> frozenset[str]:
        """See Kind: a public address lies in no subnet."""
        return frozenset({"subnets"}) if values.get("public") is True else frozenset()

    def placed(self, id: str, part: str) -> tuple[GoogleType, str]:
        """See Kind."""
        google, collection = _PARTS[part]
        return GOOGLE[google], _beside(id, collection)

    def before(self, part: str, parts: Iterable[str]) -> list[str]:
        """See Kind: each needs those that it passes on to."""
        order = list(_PARTS)
        return [one for one in order[: order.index(part)] if one in parts]

    def left_alone(self, part: str, native: Native) -> tuple[str, ...]:
        """See Kind."""
        return ("backend", "health_checks") if part == _BACKENDS else ()

    def completed(self, id: str, part: str, body: Body) -> Body:
        """See Kind."""
        targets = {of: relative(_beside(id, _PARTS[of][1])) for of in _PARTS}
        if part == _ROUTES:
            return {**body, "defaultService": targets[_BACKENDS]}
        if part == _PROXY:
            return {**body, "urlMap": targets[_ROUTES]}
        if part == _BACKENDS:
            return body
        if body.get(_SCHEME) == _MANAGED:
            return {**body, "target": targets[_PROXY], "portRange": _HTTP_PORT}
        return {**body, "backendService": targets[_BACKENDS], "allPorts": True}

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        managed = values.get("layer") == "application"
        if "layer" in values or "public" in values:
            scheme = _MANAGED if managed else _EXTERNAL if values.get("public") else _INTERNAL
            native[""][_SCHEME] = scheme
            native[_BACKENDS] = {_SCHEME: scheme, "protocol": "HTTP" if managed else "TCP"}
        if managed:
            native |= {_ROUTES: {}, _PROXY: {}}
        if values.get("subnets") and not self.meaningless(values):
            native[""]["subnetwork"] = values["subnets"][0]
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values, scheme = super().from_native(native), str(native[""].get(_SCHEME, ""))
        values |= {"layer": "application" if scheme.endswith("_MANAGED") else "network"}
        values |= {"public": scheme.startswith(_EXTERNAL)}
        return {**values, "subnets": [named(native[""]["subnetwork"])]} if "subnetwork" in native[""] else values

    def read(self, source: Source, id: str) -> Native | None:
        """See Kind."""
        found = super().read(source, id)
        if found is None or found[""].get(_SCHEME) != _MANAGED:
            return found
        for part in (_ROUTES, _PROXY):
            if (body := source.get(self.placed(id, part)[1])) is None:
                return None
            found[part] = body
        return found

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        return {name: value for name, value in super().attribute_values(id).items() if name != "name"}

    def live_attributes(self, native: Native) -> dict[str, str]:
        """See Kind."""
        return {"host": str(native[""]["IPAddress"])} if "IPAddress" in native[""] else {}


def _beside(id: str, collection: str) -> str:
    return id.replace(f"/{_PARTS[''][1]}/", f"/{collection}/")
