"""Addresses and ways through the whole system: planned, made on two clouds, asked about, refused, given back."""

from typing import Any

import pytest
import yaml
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_client import DeployForge
from deployforge_client.errors import NotFound

from tests.integration.conftest import Cli
from tests.integration.journey import NAMESPACE, applied, destroyed, eventually, followed, manifest

_AZURE = {
    "type": "azure", "location": "westeurope", "subscription": "00000000-0000-0000-0000-000000000000",
    "resourceGroup": "local", "credentialRef": "azure-local",
}  # fmt: skip


def _text(name: str, *resources: dict[str, Any]) -> bytes:
    document = yaml.safe_load(manifest(name, list(resources)))
    document["spec"]["providers"]["azure"] = _AZURE
    return yaml.safe_dump(document).encode()


def _one(name: str, type: str, provider: str = "aws", **properties: Any) -> dict[str, Any]:
    return {"name": name, "type": type, "provider": provider, "properties": properties}


def _ranges(client: DeployForge, name: str) -> dict[str, str]:
    networks = client.networks().networks
    return {n.urn.rpartition(":")[2]: n.cidr for n in networks if n.urn.startswith(f"urn:df:{NAMESPACE}:{name}:")}


def test_networks_of_two_clouds_have_addresses_of_their_own_and_are_asked_about(
    alice: DeployForge, cli: Cli, name: str
) -> None:
    rule = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidr": "10.0.0.0/8"}
    mine = _text(
        name,
        _one("net", "Network", cidr="auto/20"),
        _one("sub", "Subnet", network="${net.id}", cidr="auto/24"),
        _one("wall", "SecurityGroup", network="${net.id}", description="web", ingress=[dict(rule)], egress=[dict(rule)]),
        _one("far", "Network", "azure", cidr="auto/20"),
    )
    applied(alice, mine)
    given = _ranges(alice, name)
    assert given.keys() == {"net", "sub", "far"}
    assert given["net"] != given["far"]
    state = {r.name: r for r in alice.state(f"{NAMESPACE}/{name}").resources}
    assert given["net"] in state["net"].desired_json

    where = f"{NAMESPACE}/{name}"
    shown = cli("topology", "networks")
    assert f"{where}/far" in shown.stdout
    assert "auto/20" in shown.stdout

    def known() -> bool:
        try:
            alice.path(f"{where}/sub", f"{where}/wall")
            alice.path(f"{where}/net", f"{where}/far")
        except NotFound:
            return False
        return True

    eventually(known, 30, "what was recorded is heard")
    let_in = cli("topology", "path", f"{where}/sub", f"{where}/wall", "--port", "443")
    assert (let_in.returncode, "yes" in let_in.stdout) == (0, True), let_in
    shut = cli("topology", "path", f"{where}/sub", f"{where}/wall", "--port", "22")
    assert (shut.returncode, "no rule lets tcp/22 in" in shut.stdout) == (1, True), shut
    apart = cli("topology", "path", f"{where}/net", f"{where}/far")
    assert f"no link joins {where}/net and {where}/far" in apart.stdout

    other = f"{name}-2"
    refused = followed(alice, alice.submit(_text(other, _one("net", "Network", cidr=given["net"]))).request_id)
    assert refused.state in (cp.REQUEST_STATE_REJECTED, cp.REQUEST_STATE_FAILED)
    assert f"overlaps {given['net']} of {where}/net on aws" in str(refused)

    # Planned again, nothing changes; gone, the range is free.
    again = applied(alice, mine)
    assert (again.plan.creates, again.plan.updates, again.plan.deletes) == (0, 0, 0)
    destroyed(alice, name)
    assert _ranges(alice, name) == {}
    with pytest.raises(NotFound):
        alice.path(f"{where}/nobody", "internet")
