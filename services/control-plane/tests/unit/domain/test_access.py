"""Six roles, each a set of permissions."""

import pytest
from deployforge_control_plane.domain.access import EVERYWHERE, ROLES, Permission, may, reaches

P = Permission
MATRIX = {
    "viewer": {P.READ, P.VALIDATE},
    "deployer": {P.READ, P.VALIDATE, P.SUBMIT, P.EXECUTE, P.CANCEL},
    "approver": {P.READ, P.VALIDATE, P.APPROVE, P.REJECT},
    "operator": {P.READ, P.VALIDATE, P.SCAN, P.HEALING, P.CANCEL, P.EVENTS},
    "auditor": {P.READ, P.VALIDATE, P.AUDIT},
    "admin": set(Permission),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("permission", Permission)
def test_a_role_allows_what_it_says(role: str, permission: Permission) -> None:
    assert may([role], permission) == (permission in MATRIX[role])


def test_roles_add_up_and_unknown_ones_add_nothing() -> None:
    assert may(["deployer", "approver"], P.APPROVE)
    assert not may(["root", ""], P.READ)
    assert not may([], P.READ)


@pytest.mark.parametrize(
    ("namespaces", "namespace", "covered"),
    [(["a"], "a", True), (["a"], "b", False), ([EVERYWHERE], "b", True), (["a"], "", False), ([EVERYWHERE], "", True),
     ([], "a", False), (["a"], EVERYWHERE, False)],
)  # fmt: skip
def test_a_grant_covers_its_namespaces(namespaces: list[str], namespace: str, covered: bool) -> None:
    assert reaches(namespaces, namespace) == covered
