"""A reader's scope as SQL conditions. All of them are constants; what varies goes in as parameters."""

from typing import Any

from deployforge_control_plane.application.views import Scope


def restriction(scope: Scope, request_column: str = "request_id::text") -> tuple[list[str], list[Any]]:
    """Conditions on `namespace`, `name` and the request, with their parameters; always at least one."""
    where: list[str] = ["true"]
    params: list[Any] = []
    if scope.namespaces is not None:
        where.append("namespace = ANY(%s)")
        params.append(list(scope.namespaces))
    for column, value in (("namespace", scope.namespace), ("name", scope.name), (request_column, scope.request_id)):
        if value:
            where.append(f"{column} = %s")
            params.append(value)
    return where, params
