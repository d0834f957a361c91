"""Native templates, included and imported, are deployed as they say, and nothing of them is drift."""

import json
from pathlib import Path

import yaml
from deployforge.orchestrator.v1 import plans_pb2
from deployforge_client import DeployForge
from deployforge_documents.reading import Node
from deployforge_local import azure
from deployforge_local.azure import Azure
from deployforge_local.cloud import Cloud
from deployforge_templates.formats import FORMATS
from deployforge_templates.imported import Given
from deployforge_templates.includes import expand
from deployforge_templates.sources import Source
from deployforge_templates.writing import manifest as written

from tests.integration.journey import NAMESPACE, REGION, applied, destroyed, manifest, physical_ids, planned, queue
from tests.integration.test_across_clouds import PROVIDERS

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_templates_of_three_kinds_are_parts_of_one_deployment(
    alice: DeployForge, cloud: Cloud, name: str, tmp_path: Path
) -> None:
    includes = [
        {"format": "cloudformation", "path": "cloudformation/orders.yaml", "parameters": {"Env": "production"}},
        {"format": "arm", "path": "arm/web.json", "parameters": {"machines": 1, "env": "staging"}},
        {"format": "terraform", "path": "terraform/site", "parameters": {"root": str(tmp_path), "title": name}},
    ]  # fmt: skip
    # What each of them tells is used by a unit that comes after.
    tags = {"page": "${site.path}", "net": "${web-staging.id}", "topic": "${announcements.TopicName}"}
    jobs = queue("jobs", deadLetter="${dead-orders.Arn}", tags=tags)
    text = manifest(name, [jobs], providers=PROVIDERS, includes=includes)
    sent = expand(text, EXAMPLES / "manifest.yaml", EXAMPLES).text

    applied(alice, sent)

    ids = physical_ids(alice, name)
    assert cloud.visibility_timeout(REGION, ids["orders"]) == 120
    prefix = (
        f"/subscriptions/{azure.SUBSCRIPTION}/resourceGroups/local/providers/Microsoft.Network/virtualNetworks/web-staging"
    )
    assert Azure.of_this_system().call("GET", f"{prefix}/subnets/part1", version="2024-05-01")["properties"][
        "addressPrefix"
    ]
    assert ids["web-staging-part0"].lower() == f"{prefix}/subnets/part0".lower()
    assert (tmp_path / "index.md").read_text().startswith(f"# {name}, since 20")
    told = alice.state(f"{NAMESPACE}/{name}")
    [seen] = [json.loads(one.actual_json)["tags"] for one in told.resources if one.name == "jobs"]
    assert (seen["page"], seen["net"].lower()) == (str(tmp_path / "index.md"), prefix.lower())
    assert name in seen["topic"]
    _, plan = planned(alice, sent)
    assert {change.action for change in plan.changes} == {plans_pb2.CHANGE_ACTION_NONE}
    destroyed(alice, name)
    assert not (tmp_path / "index.md").exists()


def test_a_module_that_is_imported_is_deployed_as_resources(alice: DeployForge, name: str, tmp_path: Path) -> None:
    place = Node(None, 1, 1, file="journey")
    given = Given("tf", {}, name, keep=True, parameters={"root": Node(str(tmp_path), 1, 1, file="journey")})
    site = FORMATS["terraform"].load(Source(EXAMPLES / "terraform/site", "site", place), given)
    text = written(
        site, name=name, namespace=NAMESPACE, alias="tf", provider={"type": "terraform", "credentialRef": "tf-local"}, source="site"
    )  # fmt: skip
    assert set(yaml.safe_load(text)["spec"]["parameters"]) == {"root", "title"}

    applied(alice, text.encode())

    assert (tmp_path / "index.md").read_text().startswith("# Orders, since 20")
    assert {resource.name for resource in alice.state(f"{NAMESPACE}/{name}").resources} == {"page", "started"}
    destroyed(alice, name)
