"""Credentials go in by standard input or a file and come out nowhere."""

import json
from pathlib import Path
from typing import Any

import pytest
from deployforge.mcal.v1 import clouds_pb2 as pb
from deployforge_cli import credentials
from deployforge_cli.exits import Exit
from deployforge_cli.main import app
from deployforge_client.errors import Refused
from typer.testing import CliRunner

_runner = CliRunner()
SECRET = '{"secretAccessKey": "canary-value"}'


class Client:
    """A control plane with one credential in use."""

    def __init__(self) -> None:
        self.given: list[tuple[Any, ...]] = []

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def put_credential(self, *given: Any) -> None:
        self.given.append(given)

    def credentials(self) -> pb.ListResponse:
        return pb.ListResponse(credentials=[pb.StoredCredential(name="staging", type="aws", used_by=["shop/web"])])

    def test_credential(self, name: str, *, account: str, location: str) -> pb.TestResponse:
        if name == "refused":
            return pb.TestResponse(type="aws", code="CREDENTIAL_REFUSED", message="no such key", hint="store it again")
        lacking = [pb.LackingPermission(permission="sqs:CreateQueue", where=account or "*", needed_by=["Queue"])]
        return pb.TestResponse(identity="somebody", checked=3, lacking=lacking if name == "poor" else [], notes=["a note"])

    def remove_credential(self, name: str, *, force: bool) -> None:
        if not force:
            raise Refused(f"credential {name} is used by shop/web")
        self.given.append((name, force))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    made = Client()
    monkeypatch.setattr(credentials, "connected", lambda _: made)
    return made


def test_one_is_put_from_standard_input_or_a_file(client: Client, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(SECRET)
    for arguments in ([], ["--file", str(tmp_path / "c.json")]):
        done = _runner.invoke(app, ["credentials", "put", "staging", "--type", "aws", *arguments], input=SECRET)
        assert done.exit_code == Exit.DONE
        assert "canary" not in done.output
    assert client.given == [("staging", "aws", SECRET.encode())] * 2


@pytest.mark.parametrize("text", ["canary-value", "[]", "{}", '{"a": canary-value}'])
def test_what_is_no_object_goes_nowhere_and_is_not_repeated(client: Client, text: str) -> None:
    done = _runner.invoke(app, ["credentials", "put", "staging", "--type", "aws"], input=text)
    assert done.exit_code == Exit.USAGE
    assert "canary" not in done.output
    assert client.given == []


def test_a_file_that_is_not_there_is_named(client: Client, tmp_path: Path) -> None:
    done = _runner.invoke(app, ["credentials", "put", "s", "--type", "aws", "--file", str(tmp_path / "none.json")])
    assert done.exit_code == Exit.USAGE
    assert "none.json" in done.output.replace("\n", "")


def test_a_list_says_who_uses_what(client: Client) -> None:
    assert "shop/web" in _runner.invoke(app, ["credentials", "list"]).output
    assert json.loads(_runner.invoke(app, ["credentials", "list", "-o", "json"]).output)[0]["used_by"] == ["shop/web"]


def test_one_in_use_is_removed_by_force_only(client: Client) -> None:
    assert _runner.invoke(app, ["credentials", "remove", "staging"]).exit_code == Exit.FAILED
    assert _runner.invoke(app, ["credentials", "remove", "staging", "--force"]).exit_code == Exit.DONE
    assert client.given == [("staging", True)]


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("good", Exit.DONE, ["somebody", "a note", "none of 3"]),
        ("poor", Exit.FAILED, ["sqs:CreateQueue", "Queue", "12345"]),
        ("refused", Exit.FAILED, ["CREDENTIAL_REFUSED", "no such key", "store it again"]),
    ],
)
def test_a_test_says_what_is_lacking(client: Client, name: str, code: Exit, said: list[str]) -> None:
    done = _runner.invoke(app, ["credentials", "test", name, "--account", "12345"])
    assert done.exit_code == code
    assert all(word in done.output for word in said)
