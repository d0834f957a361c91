"""Networks as people see them."""

import json

import pytest
from deployforge.mcal.v1 import topology_pb2 as pb
from deployforge_cli import topology
from deployforge_cli.exits import Exit
from deployforge_cli.main import app
from typer.testing import CliRunner

_runner = CliRunner()


class Client:
    """A control plane with two networks, one of them somebody else's."""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def networks(self) -> pb.NetworksResponse:
        mine = pb.NetworkRange(cidr="10.0.0.0/20", urn="urn:df:shop:web:net", asked="auto/20", provider_type="aws")
        return pb.NetworksResponse(networks=[mine, pb.NetworkRange(cidr="10.1.0.0/16", in_use=True)], pools=["10.0.0.0/8"])

    def path(self, source: str, target: str, *, protocol: str, port: int) -> pb.PathResponse:
        wall = pb.Hop(what="firewall", detail=f"lets {protocol}/{port} in by tcp/443 10.0.0.0/8", urn="urn:df:s:w:wall")
        if port == 443:
            return pb.PathResponse(reachable=True, hops=[wall, pb.Hop(what="arrives", detail=target)], notes=["a note"])
        acl = pb.Hop(what="not read", detail="terraform/aws_network_acl", urn="urn:df:s:w:acl")
        if port == 80:
            return pb.PathResponse(hops=[wall], unread=[acl])
        return pb.PathResponse(
            unread=[acl], blocked_by=pb.Hop(what="firewall", detail="no rule lets it in", urn="urn:df:s:w:wall")
        )


def test_networks_are_listed_with_who_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topology, "connected", lambda _: Client())
    shown = _runner.invoke(app, ["topology", "networks"])
    assert shown.exit_code == Exit.DONE
    assert all(word in shown.output for word in ("shop/web/net", "auto/20", "planned", "(another namespace)", "10.0.0.0/8"))
    told = json.loads(_runner.invoke(app, ["topology", "networks", "-o", "json"]).output)
    assert [one["cidr"] for one in told["networks"]] == ["10.0.0.0/20", "10.1.0.0/16"]


def test_a_way_is_shown_step_by_step_or_what_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topology, "connected", lambda _: Client())
    shown = _runner.invoke(app, ["topology", "path", "s/w/a", "s/w/b", "--port", "443"])
    assert shown.exit_code == Exit.DONE
    assert all(word in shown.output for word in ("firewall s/w/wall: lets tcp/443 in", "arrives: s/w/b", "yes", "a note"))
    shut = _runner.invoke(app, ["topology", "path", "s/w/a", "s/w/b", "--port", "22"])
    assert shut.exit_code == Exit.FAILED
    assert "no: firewall s/w/wall: no rule lets it in" in shut.output
    assert "(not read: terraform/aws_network_acl s/w/acl)" in shut.output
    unsure = _runner.invoke(app, ["topology", "path", "s/w/a", "s/w/b", "--port", "80"])
    assert unsure.exit_code == Exit.FAILED
    assert "not known: what these say of networks is not read: terraform/aws_network_acl s/w/acl" in unsure.output
    assert "no:" not in unsure.output
    told = _runner.invoke(app, ["topology", "path", "a", "b", "--port", "22", "-o", "json"])
    assert json.loads(told.output)["blocked_by"]["urn"] == "urn:df:s:w:wall"
