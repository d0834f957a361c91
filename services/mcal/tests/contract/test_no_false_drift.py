"""Whatever is deployed and looked at once is as declared: every type with what it has, the examples on every cloud, and
templates that others have written. OpenTofu's part is held in its plug-in.

What cannot be deployed on an emulated cloud is named with the reason; nothing is left out in silence.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final
from uuid import uuid4

import pytest
import yaml
from deployforge_documents.problems import InvalidDocument
from deployforge_documents.reading import Node
from deployforge_mcal.adapters.aws.provider import AwsProvider
from deployforge_mcal.adapters.azure import reading as azure_reading
from deployforge_mcal.adapters.azure.provider import AzureProvider
from deployforge_mcal.adapters.gcp import reading as gcp_reading
from deployforge_mcal.adapters.gcp.provider import GcpProvider
from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure
from deployforge_mcal.domain.units import ResourceSpec
from deployforge_templates.cloudformation.template import load
from deployforge_templates.formats import FORMATS
from deployforge_templates.imported import Given, Imported
from deployforge_templates.includes import expand
from deployforge_templates.sources import Source
from deployforge_templates.writing import manifest as written

from tests.emulators.arm.running import SUBSCRIPTION
from tests.emulators.gcp.running import PROJECT
from tests.fresh import PROPERTY, Fresh, Place, Reading
from tests.published_templates import ROOT, good_templates

from .conftest import EVERY_KIND as ON_AWS
from .conftest import resource
from .test_azure_provider import EVERY_KIND as ON_AZURE
from .test_gcp_provider import EVERY_KIND as ON_GCP

EXAMPLES: Final = ROOT / "examples"
_AWS: Final = {"type": "aws", "region": "eu-west-1", "account": "000000000000", "credentialRef": "aws-local"}
CLOUDS: Final[Mapping[str, Mapping[str, str]]] = {
    "aws": _AWS,
    "azure": {
        "type": "azure",
        "location": "westeurope",
        "subscription": SUBSCRIPTION,
        "resourceGroup": "x",
        "credentialRef": "a",
    },
    "gcp": {"type": "gcp", "project": "orders", "region": "europe-west1", "credentialRef": "g"},
}
#: Of cfn-lint's templates that can be imported, those that are not deployed here, and the words in which that is refused.
NOT_DEPLOYED: Final = {
    "custom/is-not-defined.yaml": "'./' is not object",
    "custom/numeric-inequalities-large.yaml": "'./' is not object",
    "custom/numeric-inequalities-small.yaml": "'./' is not object",
    "override/complete.yaml": "Unrecognized resource types: [AWS::EC2::Instance]",
    "resources/elasticache/cache_cluster_failover.yaml": "NumNodeGroups must be either 1",
    "resources/name.yaml": "Unrecognized resource types: [AWS::EC2::Instance]",
    "resources/properties/exclusive.yaml": "Unrecognized resource types: [AWS::EC2::SecurityGroupIngress]",
    "resources/properties/hard_coded_arn_properties_cdk.yaml": "destination region must match bucket region",
    "resources/properties/string_size.yaml": "Unrecognized resource types: [AWS::CodeCommit::Repository]",
    "schema_resource.yaml": "there is no type aws/Initech::TPS::Report",
}


@pytest.fixture
def places(aws: Any, arm: Any, resource_group: str, gcp: Any) -> dict[str, Place]:
    """Where each provider's resources go."""
    azure_reading.recent.forget()
    gcp_reading.recent.forget()
    return {
        "aws": Place(AwsProvider(aws.endpoint), aws.root, "000000000000"),
        "azure": Place(AzureProvider(arm.url), arm.credential, f"{SUBSCRIPTION}/{resource_group}", "westeurope"),
        "gcp": Place(GcpProvider(gcp.url), gcp.credential, PROJECT, "europe-west1"),
    }


@pytest.fixture
def looked_at(places: dict[str, Place], record_property: Callable[[str, Any], None]) -> Callable[[str, bytes], Reading]:
    """Deploys a manifest, looks at it at once, and takes it away."""

    def look(template: str, manifest: bytes) -> Reading:
        fresh = Fresh(manifest, places)
        try:
            fresh.deploy()
            reading = fresh.read()
        finally:
            fresh.destroy()
        record_property(PROPERTY, reading.told(template))
        return reading

    return look


# --- every type -----------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(aws: Any) -> Iterator[dict[str, str]]:
    """What a function and a name on AWS need that is not of the deployment: a bucket with an archive, a zone."""
    s3, route53, bucket = aws.client("s3"), aws.client("route53"), f"code-{uuid4().hex[:8]}"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("main.py", "def go(event, context):\n    return 1\n")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=bucket, Key="one.zip", Body=archive.getvalue())
    zone = route53.create_hosted_zone(Name="example.com", CallerReference=bucket)["HostedZone"]["Id"]
    yield {"bucket": bucket, "zone": zone.rpartition("/")[2]}
    s3.delete_object(Bucket=bucket, Key="one.zip")
    s3.delete_bucket(Bucket=bucket)
    route53.delete_hosted_zone(Id=zone)


def services(elsewhere: Mapping[str, str]) -> tuple[ResourceSpec, ...]:
    """The types of AWS that are not among those that all tests of its adapter share."""
    password = "${parameters.password}"
    return (
        resource("lb", "LoadBalancer", {"public": True, "subnets": ["${sub.id}"], "securityGroups": ["${firewall.id}"], "idleTimeout": "2m"}),
        resource("www", "DnsRecord", {"zone": elsewhere["zone"], "name": "www.example.com", "record": "CNAME", "values": ["${lb.host}"], "ttl": "5m"}),
        resource("any", "DnsRecord", {"zone": elsewhere["zone"], "name": "*.example.com", "record": "A", "values": ["10.0.0.2", "10.0.0.1"]}),
        resource("db", "Database", {"engine": "postgres", "version": "16", "size": "small", "storage": "20Gi", "username": "shop",
                                    "password": password, "backupRetention": "7d", "securityGroups": ["${firewall.id}"], "tags": {"env": "t"}}),
        resource("logs", "LogGroup", {"name": "/fresh/web", "retention": "30d", "tags": {"env": "t"}}),
        resource("resize", "Function", {"runtime": "python3.12", "handler": "main.go", "code": {"store": elsewhere["bucket"], "key": "one.zip"},
                                        "role": "${worker.address}", "memory": "256Mi", "timeout": "30s", "environment": {"STAGE": "t"}, "secrets": {"TOKEN": password}}),
        resource("cache", "Cache", {"description": "carts", "size": "small", "version": "7.1", "replicas": 1, "password": password}),
        resource("key", "Secret", {"value": password, "description": "d"}),
    )  # fmt: skip


def declared(cloud: str, specs: Sequence[ResourceSpec]) -> bytes:
    """A manifest of these resources."""
    resources = [
        {
            "name": s.name, "type": s.type, "properties": s.properties, **({"native": s.native} if s.native else {}),
            **({"dependsOn": list(s.depends_on)} if s.depends_on else {}), **({} if "/" in s.type else {"provider": cloud}),
        }
        for s in specs
    ]  # fmt: skip
    return json.dumps(
        {
            "apiVersion": "deployforge.io/v1", "kind": "Deployment", "metadata": {"name": "every-type", "namespace": "fresh"},
            "spec": {
                "parameters": {"password": {"type": "secret", "from": "secret://file/fresh/password"}},
                "providers": {cloud: CLOUDS[cloud]}, "resources": resources,
            },
        }
    ).encode()  # fmt: skip


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_type_is_drift_right_after_it_was_deployed(
    looked_at: Callable[[str, bytes], Reading], elsewhere: dict[str, str], cloud: str
) -> None:
    specs = {"aws": (*ON_AWS, *services(elsewhere)), "azure": ON_AZURE, "gcp": ON_GCP}[cloud]
    reading = looked_at("", declared(cloud, specs))
    assert reading.false_drifts == {}
    assert len(reading.checked) == len(specs)


# --- the examples ---------------------------------------------------------------------------------------


def example(name: str) -> bytes:
    """An example with what it includes."""
    path = EXAMPLES / name
    return expand(path.read_bytes(), path, EXAMPLES).text


def portable(cloud: str) -> bytes:
    """The example for every cloud, with the block of one of them in place of the one that it has."""
    return re.sub(rb"(?m)^    cloud: .*$", b"    cloud: " + json.dumps(CLOUDS[cloud]).encode(), example("portable.yaml"))


def multicloud() -> bytes:
    """Without what OpenTofu makes, which its plug-in holds to the same."""
    document = yaml.safe_load(example("multicloud.yaml"))
    spec = document["spec"]
    del spec["providers"]["tf"]
    spec["resources"] = [one for one in spec["resources"] if not one["type"].startswith("tf/")]
    next(one for one in spec["resources"] if one["name"] == "orders")["properties"].pop("tags")
    return json.dumps(document).encode()


def arm() -> bytes:
    """The ARM template, imported."""
    source = Source(EXAMPLES / "arm/web.json", "arm/web.json", Node(None, 1, 1))
    return manifest("azure", FORMATS["arm"].load(source, Given("azure", CLOUDS["azure"], "web")), "arm/web.json")


def manifest(cloud: str, imported: Imported, source: str) -> bytes:
    """What `deployforge import` writes."""
    return written(imported, name="web", namespace="fresh", alias=cloud, provider=CLOUDS[cloud], source=source).encode()


MADE: Final[Mapping[str, Callable[[], bytes]]] = {
    "webshop.yaml": lambda: example("webshop.yaml"),
    "included.yaml, cloudformation/orders.yaml": lambda: example("included.yaml"),
    "portable.yaml on aws": lambda: portable("aws"),
    "portable.yaml on azure": lambda: portable("azure"),
    "portable.yaml on gcp": lambda: portable("gcp"),
    "multicloud.yaml": multicloud,
    "arm/web.json": arm,
}


@pytest.mark.parametrize("name", MADE)
def test_no_example_is_drift_right_after_it_was_deployed(looked_at: Callable[[str, bytes], Reading], name: str) -> None:
    reading = looked_at(name, MADE[name]())
    assert reading.false_drifts == {}
    assert reading.checked


def test_no_example_is_left_out() -> None:
    # Of these, resources of OpenTofu: its plug-in deploys the module; Google's own provider, which Deployment Manager's
    # configurations become, is installed nowhere here.
    elsewhere = {"terraform/site/main.tf", "deployment-manager/web.yaml", "deployment-manager/machines.jinja"}
    there = {str(p.relative_to(EXAMPLES)) for p in EXAMPLES.rglob("*") if p.suffix in (".yaml", ".json", ".tf", ".jinja")}
    assert there == {part.partition(" on ")[0] for name in MADE for part in name.split(", ")} | elsewhere


# --- templates of others --------------------------------------------------------------------------------


@cache
def imported() -> dict[str, bytes]:
    """cfn-lint's good templates that can be imported, as manifests."""
    found = {}
    for name, text in good_templates().items():
        try:
            found[name] = manifest("aws", load(text.encode(), Given("aws", _AWS, "shop"), name), name)
        except InvalidDocument:
            continue
    return found


@pytest.mark.parametrize("name", sorted(imported().keys() - NOT_DEPLOYED))
def test_no_published_template_is_drift_right_after_it_was_deployed(
    looked_at: Callable[[str, bytes], Reading], name: str
) -> None:
    reading = looked_at(name, imported()[name])
    assert reading.false_drifts == {}
    assert reading.checked or reading.not_checked


@pytest.mark.parametrize("name", NOT_DEPLOYED)
def test_what_is_not_deployed_is_refused_for_the_reason_that_is_named(places: dict[str, Place], name: str) -> None:
    fresh = Fresh(imported()[name], places)
    with pytest.raises((InvalidUnit, ProviderFailure), match=re.escape(NOT_DEPLOYED[name])):
        fresh.deploy()


def test_something_that_differs_would_be_seen(places: dict[str, Place], aws: Any) -> None:
    queue = resource("orders", "Queue", {"name": "tampered-with", "delay": 1})
    fresh = Fresh(declared("aws", [queue]), places)
    fresh.deploy()
    sqs = aws.client("sqs")
    sqs.set_queue_attributes(
        QueueUrl=sqs.get_queue_url(QueueName="tampered-with")["QueueUrl"], Attributes={"DelaySeconds": "9"}
    )
    assert fresh.read().false_drifts == {"orders": [("delay", 1, 9)]}
    fresh.destroy()
