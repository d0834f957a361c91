"""How deployments and moments of their past are named."""

from datetime import datetime

from deployforge.common.v1 import common_pb2
from deployforge.state_manager.v1 import state_pb2

from deployforge_client.errors import BadRequest

Ref = common_pb2.DeploymentRef
_URN = "urn:df:"


def reference(text: str) -> Ref:
    """`namespace/name` as a reference. Raises BadRequest for anything else."""
    namespace, slash, name = text.partition("/")
    if not slash or not namespace or not name:
        raise BadRequest(f"{text!r} does not name a deployment", hint="write NAMESPACE/NAME, storefront/webshop")
    return Ref(namespace=namespace, name=name)


def resource_reference(text: str) -> tuple[Ref, str]:
    """`namespace/name/resource`, or a URN, as deployment and resource. Raises BadRequest for anything else."""
    parts = text.removeprefix(_URN).split(":") if text.startswith(_URN) else text.split("/")
    if len(parts) != 3 or not all(parts):
        raise BadRequest(
            f"{text!r} does not name a resource", hint="write NAMESPACE/NAME/RESOURCE, storefront/webshop/orders"
        )
    namespace, name, resource = parts
    return Ref(namespace=namespace, name=name), resource


def point(version: int = 0, as_of: datetime | None = None, known_at: datetime | None = None) -> state_pb2.Point:
    """A version (0: the newest), or a place on the two time axes."""
    found = state_pb2.Point(version=version)
    if as_of is not None:
        found.as_of.FromDatetime(as_of)
    if known_at is not None:
        found.known_at.FromDatetime(known_at)
    return found
