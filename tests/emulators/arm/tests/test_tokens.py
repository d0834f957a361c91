"""Who is let in: a token is for one tenant's principal, for a while, and for no more than was asked for."""

import json
from urllib.error import HTTPError

import pytest

from tests.emulators.arm.running import SUBSCRIPTION, Running

_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourcegroups"


def _narrow(arm: Running, group: str, role: str) -> str:
    details = [{"type": "azure_role", "scope": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}", "role": role}]
    return arm.token("deployer", "deployer-secret", authorization_details=json.dumps(details))


def test_no_token_and_a_strange_one_open_nothing(rough: Running) -> None:
    status, body = rough.call("GET", f"{_GROUP}?api-version=2021-04-01")
    assert (status, body["error"]["code"]) == (401, "AuthenticationFailed")
    assert rough.rest("GET", _GROUP, token="strange")[1]["error"]["code"] == "InvalidAuthenticationToken"


def test_a_wrong_secret_gets_no_token(rough: Running) -> None:
    with pytest.raises(HTTPError) as refused:
        rough.token("deployer", "wrong")
    assert refused.value.code == 401
    assert "AADSTS7000215" in refused.value.read().decode()


def test_a_narrowed_token_opens_its_group_only(rough: Running) -> None:
    for name in ("mine", "yours"):
        rough.rest("PUT", f"{_GROUP}/{name}", body={"location": "westeurope"})
    token = _narrow(rough, "mine", "Contributor")
    assert rough.rest("GET", f"{_GROUP}/mine", token=token)[0] == 200
    status, body = rough.rest("GET", f"{_GROUP}/yours", token=token)
    assert (status, body["error"]["code"]) == (403, "AuthorizationFailed")
    assert rough.rest("GET", f"{_GROUP}", token=token)[0] == 403


def test_a_reader_changes_nothing(rough: Running) -> None:
    rough.rest("PUT", f"{_GROUP}/mine", body={"location": "westeurope"})
    token = _narrow(rough, "mine", "Reader")
    assert rough.rest("GET", f"{_GROUP}/mine", token=token)[0] == 200
    assert rough.rest("PUT", f"{_GROUP}/mine", body={"location": "westeurope"}, token=token)[0] == 403


def test_a_token_ends(rough: Running) -> None:
    token = rough.token()
    rough.control("clock", {"seconds": 3600})
    try:
        assert rough.rest("GET", _GROUP, token=token)[1]["error"]["code"] == "ExpiredAuthenticationToken"
    finally:
        rough.control("clock", {"seconds": -3600})
