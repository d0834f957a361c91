"""Tokens: made once, kept as hashes, revoked for good."""

import hashlib

import pytest
from deployforge_chassis.principal import Principal
from deployforge_control_plane.application.access import Bootstrap, NotPermitted, TokenNotFound, Unauthenticated
from deployforge_control_plane.domain.access import Permission
from deployforge_control_plane.domain.refusals import BadRequest

from ...conftest import System, allowed

ADMIN = Principal("root", ("admin",), ("*",))
CREATE = allowed("root", "Access.CreateToken")


def test_a_token_says_who_it_is_and_is_kept_as_a_hash(system: System) -> None:
    token_id, text = system.access.create(ADMIN, "alice", ["deployer"], ["front"], CREATE)
    assert text.startswith(f"dft_{token_id}_")
    assert system.access.authenticate(text, "x") == Principal("alice", ("deployer",), ("front",))
    stored = str(system.database.query("SELECT * FROM tokens")) + str(system.database.query("SELECT * FROM audit"))
    assert text not in stored
    assert text.rpartition("_")[2] not in stored


@pytest.mark.parametrize("token", [None, "", "dft_x_y", "x" * 10_000, "dft_\0"])
def test_a_wrong_token_is_refused_and_recorded(system: System, token: str | None) -> None:
    with pytest.raises(Unauthenticated):
        system.access.authenticate(token, "Deployments.Submit")
    assert system.audit() == [("anonymous", "Deployments.Submit", "denied")]


def test_a_revoked_token_is_refused(system: System) -> None:
    token_id, text = system.access.create(ADMIN, "alice", ["deployer"], ["front"], CREATE)
    system.access.revoke(ADMIN, token_id, allowed("root", "Access.RevokeToken"))
    with pytest.raises(Unauthenticated):
        system.access.authenticate(text, "x")
    assert [token.revoked for token in system.access.list(ADMIN)] == [True]


def test_nobody_grants_more_than_they_reach(system: System) -> None:
    local = Principal("lead", ("admin",), ("front",))
    with pytest.raises(BadRequest):
        system.access.create(local, "x", ["admin"], ["*"], CREATE)
    with pytest.raises(BadRequest):
        system.access.create(local, "x", ["admin"], ["back"], CREATE)
    token_id, _ = system.access.create(ADMIN, "x", ["viewer"], ["back"], CREATE)
    assert system.access.list(local) == []
    with pytest.raises(TokenNotFound):
        system.access.revoke(local, token_id, CREATE)


@pytest.mark.parametrize(
    ("subject", "roles", "namespaces"),
    [("", ["viewer"], ["a"]), ("x\n", ["viewer"], ["a"]), ("x", [], ["a"]), ("x", ["viewer"], []),
     ("x", ["vewer"], ["a"]), ("x", ["viewer"], ["../a"])],
)  # fmt: skip
def test_bad_grants_are_refused(system: System, subject: str, roles: list[str], namespaces: list[str]) -> None:
    with pytest.raises(BadRequest):
        system.access.create(ADMIN, subject, roles, namespaces, CREATE)


def test_bootstrap_tokens_are_imported_once_and_stay_revoked(system: System) -> None:
    entry = Bootstrap("alice", ("admin",), ("*",), hashlib.sha256(b"dft_a_b").hexdigest())
    system.access.bootstrap([entry])
    system.access.bootstrap([entry])
    assert system.access.authenticate("dft_a_b", "x").subject == "alice"
    assert len(system.audit()) == 1
    system.access.revoke(ADMIN, f"boot-{entry.token_hash[:12]}", CREATE)
    system.access.bootstrap([entry])
    with pytest.raises(Unauthenticated):
        system.access.authenticate("dft_a_b", "x")


def test_a_bad_bootstrap_entry_is_refused(system: System) -> None:
    with pytest.raises(BadRequest):
        system.access.bootstrap([Bootstrap("alice", ("admin",), ("*",), "abc")])


def test_a_denial_is_recorded_with_its_namespace(system: System) -> None:
    viewer = Principal("vera", ("viewer",), ("front",))
    with pytest.raises(NotPermitted, match="vera may not submit in namespace 'front'"):
        system.access.authorise(viewer, Permission.SUBMIT, _about("front"))
    with pytest.raises(NotPermitted):
        system.access.authorise(viewer, Permission.READ, _about("back"))
    system.access.authorise(viewer, Permission.READ, _about("front"))
    assert [outcome for _, _, outcome in system.audit()] == ["denied", "denied"]


def _about(namespace: str):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    return replace(allowed("vera", "Deployments.Submit"), namespace=namespace)
