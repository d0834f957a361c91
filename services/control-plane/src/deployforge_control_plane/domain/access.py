"""Who may do what: six roles, each a set of permissions, granted for namespaces."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

EVERYWHERE: Final = "*"


class Permission(StrEnum):
    """One thing that a role may allow."""

    READ = "read"
    VALIDATE = "validate"
    SUBMIT = "submit"
    EXECUTE = "execute"
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    SCAN = "scan"
    HEALING = "healing"
    EVENTS = "events"
    AUDIT = "audit"
    ACCESS = "access"
    CREDENTIALS = "credentials"
    KEYS = "keys"
    SHRED = "shred"
    MAINTAIN = "maintain"


_VIEWER: Final = frozenset({Permission.READ, Permission.VALIDATE})

ROLES: Final[Mapping[str, frozenset[Permission]]] = {
    "viewer": _VIEWER,
    "deployer": _VIEWER | {Permission.SUBMIT, Permission.EXECUTE, Permission.CANCEL},
    "approver": _VIEWER | {Permission.APPROVE, Permission.REJECT},
    "operator": _VIEWER | {Permission.SCAN, Permission.HEALING, Permission.CANCEL, Permission.EVENTS},
    "auditor": _VIEWER | {Permission.AUDIT},
    "admin": frozenset(Permission),
}


def may(roles: Collection[str], permission: Permission) -> bool:
    """Whether one of `roles` allows it; a role that does not exist allows nothing."""
    return any(permission in ROLES.get(role, ()) for role in roles)


def reaches(namespaces: Collection[str], namespace: str) -> bool:
    """Whether a grant for `namespaces` covers `namespace`; only EVERYWHERE covers the empty one, which means all."""
    return EVERYWHERE in namespaces or (bool(namespace) and namespace in namespaces)
