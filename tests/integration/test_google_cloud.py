"""The example for every cloud on Google Cloud: as it is written, but for the block of its provider. It drifts and heals."""

import yaml
from deployforge_client import DeployForge
from deployforge_local.gcp import PROJECT, GoogleCloud

from tests.integration.conftest import ROOT
from tests.integration.journey import NAMESPACE, applied, destroyed, eventually, physical_ids
from tests.integration.test_drift_and_healing import AUTO

_HEALED_WITHIN_SECONDS = 60.0


def portable(name: str) -> bytes:
    """The example under a name of its own, with a secret that this system has."""
    document = yaml.safe_load((ROOT / "examples" / "portable.yaml").read_text())
    document["metadata"] = {"name": name, "namespace": NAMESPACE}
    spec = document["spec"]
    spec["providers"]["cloud"] = {"type": "gcp", "project": PROJECT, "region": "europe-west1", "credentialRef": "gcp-local"}
    spec["parameters"]["apiKey"]["from"] = "secret://env/journey"
    spec |= {"drift": {"every": "5s"}, "healing": AUTO, "approval": {"required": 0}}
    return yaml.safe_dump(document, sort_keys=False).encode()


def test_the_example_for_every_cloud_is_deployed_heals_and_goes(alice: DeployForge, name: str) -> None:
    console = GoogleCloud.of_this_system()
    before = set(console.names())
    applied(alice, portable(name))
    ids = physical_ids(alice, name)
    assert set(ids.values()) <= set(console.names())

    console.set_ack_deadline(ids["taken"], 99)

    healed = lambda: console.subscription(ids["taken"])["ackDeadlineSeconds"] == 30  # noqa: E731
    eventually(healed, _HEALED_WITHIN_SECONDS, "the queue is healed")
    eventually(lambda: not alice.drifts(alice.latest(f"{NAMESPACE}/{name}").deployment, open_only=True).records)
    destroyed(alice, name)
    assert set(console.names()) == before
