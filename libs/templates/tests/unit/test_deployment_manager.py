"""Configurations of Deployment Manager: what Jinja makes of them, and what becomes a resource of Terraform's."""

from pathlib import Path
from typing import Any

import pytest
from deployforge_documents.problems import InvalidDocument
from deployforge_documents.reading import Node
from deployforge_templates.deployment_manager.config import ENDED, load
from deployforge_templates.deployment_manager.types import TYPES, named
from deployforge_templates.imported import Given, Imported
from deployforge_templates.sources import Source
from deployforge_templates.values import written

EXAMPLE = Path(__file__).parents[4] / "examples/deployment-manager/web.yaml"
NET = "- {name: net, type: compute.v1.network, properties: {autoCreateSubnetworks: false}}\n"


def read(path: Path, **parameters: Any) -> Imported:
    given = {name: Node(value, 1, 1, file="given") for name, value in parameters.items()}
    provider = {"type": "terraform", "account": "shop-project"}
    return load(
        Source(path, path.name, Node(None, 7, 3, file="m.yaml")), Given("tf", provider, "shop", keep=True, parameters=given)
    )


def config(at: Path, text: str, **files: str) -> Imported:
    for name, body in files.items():
        (at / name.replace("_", ".")).write_text(body)
    (at / "c.yaml").write_text(text)
    return read(at / "c.yaml")


def declared(imported: Imported) -> dict[str, Any]:
    return {one.name: (one.type, written(one.properties).plain(), one.depends_on) for one in imported.resources}


def test_the_example_becomes_resources_of_terraform() -> None:
    found = read(EXAMPLE)
    made = declared(found)
    assert list(made) == ["net", "inner", "allow-ssh", "machines-0", "machines-1"]
    assert made["net"] == (
        "tf/google_compute_network",
        {"name": "net", "auto_create_subnetworks": False, "routing_mode": "REGIONAL"},
        (),
    )
    assert made["inner"][1]["network"] == "${net.self_link}"
    assert made["allow-ssh"][1]["allow"] == [{"protocol": "tcp", "ports": ["22"]}]
    kind, machine, needs = made["machines-1"]
    assert (kind, needs) == ("tf/google_compute_instance", ("allow-ssh",))
    assert machine == {
        "name": "machines-1", "zone": "europe-west1-b", "machine_type": "e2-small", "metadata": {"role": "web"}, "tags": ["web", "shop"],
        "network_interface": [{"subnetwork": "${inner.self_link}", "access_config": [{}]}],
        "boot_disk": {
            "auto_delete": True,
            "initialize_params": {"image": "projects/debian-cloud/global/images/family/debian-12", "size": 10},
        },
    }  # fmt: skip
    outputs = {name: written(node).value for name, node in found.outputs.items()}
    assert outputs == {"firstAddress": "${machines-0.network_interface.0.network_ip}", "network": "network ${net.name}"}
    assert found.notes == (ENDED,)
    assert "31 March 2026" in ENDED


def test_a_template_by_itself_takes_its_properties_as_parameters(tmp_path: Path) -> None:
    (tmp_path / "b.jinja").write_text(
        "resources:\n{% for n in properties.names %}\n- {name: {{ env.deployment }}-{{ n }}, type: storage.v1.bucket, "
        "properties: {location: EU, project: {{ env.project }}, iamConfiguration: {uniformBucketLevelAccess: {enabled: true}}}}\n{% endfor %}\n"
    )
    found = declared(read(tmp_path / "b.jinja", names="[a, b]"))
    assert found == {
        f"shop-{n}": ("tf/google_storage_bucket", {
            "name": f"shop-{n}", "location": "EU", "project": "shop-project", "uniform_bucket_level_access": True,
        }, ())
        for n in "ab"
    }  # fmt: skip


def test_helpers_references_and_attached_disks(tmp_path: Path) -> None:
    text = """\
imports: [{path: m.jinja}, {path: h.jinja, name: helpers}]
resources:
- {name: d, type: compute.v1.disk, properties: {zone: z, sizeGb: 20, type: zones/z/diskTypes/pd-ssd}}
- {name: events, type: pubsub.v1.topic, properties: {topic: shop-events}}
- {name: work, type: pubsub.v1.subscription, properties: {subscription: w, topic: $(ref.events.name)}}
- {name: id, type: iam.v1.serviceAccount, properties: {accountId: worker}}
- {name: m, type: m.jinja}
"""
    machine = """\
{% from 'helpers' import called %}
resources:
- name: {{ called('vm') }}
  type: compute.v1.instance
  properties:
    zone: z
    machineType: https://www.googleapis.com/compute/v1/projects/p/zones/z/machineTypes/f1-micro
    disks: [{boot: true, source: $(ref.d.selfLink)}, {source: $(ref.d.selfLink), deviceName: data}]
    serviceAccounts: [{email: $(ref.id.email), scopes: [cloud-platform]}]
"""
    found = declared(config(tmp_path, text, m_jinja=machine, h_jinja="{% macro called(x) %}{{ x }}-one{% endmacro %}"))
    assert found["vm-one"][1] == {
        "name": "vm-one", "zone": "z", "machine_type": "f1-micro", "boot_disk": {"source": "${d.self_link}"},
        "attached_disk": [{"source": "${d.self_link}", "device_name": "data"}],
        "service_account": [{"email": "${id.email}", "scopes": ["cloud-platform"]}],
    }  # fmt: skip
    assert found["d"][1] == {"name": "d", "zone": "z", "size": 20, "type": "pd-ssd"}
    assert found["work"][1] == {"name": "w", "topic": "${events.id}"}
    assert found["id"][1] == {"account_id": "worker"}


def one(kind: str, properties: str = "{}") -> str:
    return f"resources:\n- name: x\n  type: {kind}\n  properties: {properties}\n"


REFUSED = {
    "a type that is not mapped": (one("sqladmin.v1beta4.instance"), 3, 9, "sqladmin.v1beta4.instance is not mapped to a type of Terraform"),
    "a property that is not mapped": (one("compute.v1.disk", "{zone: z, colour: red}"), 4, 25, "compute.v1.disk: colour has no counterpart"),
    "another default": (one("compute.v1.network"), 4, 15, "compute.v1.network has no autoCreateSubnetworks"),
    "a disk that is made with a machine": (
        one("compute.v1.instance", "{disks: [{initializeParams: {}}]}"), 4, 24, "a disk that is made with an instance",
    ),
    "a local disk": (one("compute.v1.instance", "{disks: [{type: SCRATCH}]}"), 4, 25, 'compute.v1.instance: type "SCRATCH" is not made'),
    "a template in Python": (one("x.py"), 3, 9, "x.py: templates in Python are not run"),
    "a template that is not imported": (one("x.jinja"), 2, 3, '"x.jinja" is not imported'),
    "an import from outside": ("imports: [{path: ../x.jinja}]\nresources: []\n", 1, 18, '"../x.jinja" is outside'),
    "an import that is not there": ("imports: [{path: x.jinja}]\nresources: []\n", 1, 18, "cannot read x.jinja"),
    "an unknown section": ("resorces: []\n", 1, 1, 'unknown section "resorces"'),
    "an unknown field": ("resources:\n- {name: x, tipe: y}\n", 2, 13, 'unknown field "tipe"'),
    "an action": ("resources:\n- {name: x, action: y}\n", 2, 13, "action is not taken over"),
    "the same twice": ("resources:\n" + NET + NET, 3, 3, 'a second resource "net", first on line 2'),
    "an unknown reference": (one("compute.v1.address", "{address: $(ref.y.address)}"), 4, 25, 'unknown resource "y"'),
    "an unknown attribute": (
        "resources:\n" + NET + "- {name: a, type: compute.v1.address, properties: {address: $(ref.net.colour)}}\n",
        3, 61, "colour of compute.v1.network has no counterpart",
    ),
    "an unknown dependency": (
        "resources:\n- {name: n, type: compute.v1.address, metadata: {dependsOn: [m]}}\n", 2, 62, 'unknown resource "m"',
    ),
    "nothing": ("resources: []\n", 7, 3, "c.yaml makes no resource"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken_over_is_refused_by_name_and_place(case: str, tmp_path: Path) -> None:
    text, line, column, message = REFUSED[case]
    with pytest.raises(InvalidDocument) as refused:
        config(tmp_path, text)
    problem = refused.value.problems[0]
    assert problem.message.startswith(message), problem
    assert (problem.file, problem.line, problem.column) == ("m.yaml" if case == "nothing" else "c.yaml", line, column)


@pytest.mark.parametrize(
    ("template", "line", "message"),
    [
        ("resources:\n{% for x in %}\n", 2, "is not Jinja"),
        ("a\n{{ properties.nothing }}\n", 2, "the template: 'dict object' has no attribute 'nothing'"),
        ("{{ env['current_time'] }}", 1, "the template: 'dict object' has no attribute 'current_time'"),
        ("{{ ''.__class__.__mro__ }}", 1, "the template may not do that"),
        ("{{ properties.update({}) }}", 1, "the template may not do that"),
        ("{% include '/etc/passwd' %}", 1, "the template: /etc/passwd"),
        ("{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}", 1, "the template makes more than 8388608 characters"),
        ("\n{{ 1 / 0 }}", 2, "the template: division by zero"),
    ],
)
def test_a_template_is_rendered_in_a_sandbox(template: str, line: int, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument) as refused:
        config(tmp_path, "imports: [{path: m.jinja}]\nresources: [{name: m, type: m.jinja}]\n", m_jinja=template)
    problem = refused.value.problems[0]
    assert problem.message.startswith(message), problem
    assert (problem.file, problem.line) == ("m.jinja", line)


def test_what_is_wrong_in_what_a_template_made_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument) as refused:
        config(tmp_path, "imports: [{path: m.jinja}]\nresources: [{name: m, type: m.jinja}]\n", m_jinja=one("a.v1.b"))
    assert str(refused.value).startswith("m.jinja (as rendered for m):3:9: a.v1.b is not mapped")


def test_schemas_give_defaults_and_demand_properties(tmp_path: Path) -> None:
    (tmp_path / "m.jinja.schema").write_text("required: [zone]\nproperties: {zone: {type: string}, size: {default: 30}}\n")
    text = "imports: [{path: m.jinja}]\nresources: [{name: m, type: m.jinja, properties: {zone: z}}]\n"
    body = one("compute.v1.disk", '{zone: {{ properties["zone"] }}, sizeGb: {{ properties["size"] }}}')
    assert declared(config(tmp_path, text, m_jinja=body))["x"][1] == {"name": "x", "zone": "z", "size": 30}
    with pytest.raises(InvalidDocument, match='needs the property "zone"'):
        config(tmp_path, text.replace("zone: z", ""), m_jinja=body)
    with pytest.raises(InvalidDocument, match="nested deeper than 8 levels"):
        config(tmp_path, text, m_jinja="resources: [{name: m, type: m.jinja, properties: {zone: z}}]")


def test_every_mapped_type_has_one_name_of_the_newer_kind() -> None:
    assert named("gcp-types/compute-v1:networks") == "compute.v1.network"
    assert named("gcp-types/pubsub-v1:projects.topics") == "pubsub.v1.topic"
    assert named("gcp-types/compute-v1:addresses") == "compute.v1.address"
    assert all(named(kind) == kind for kind in TYPES)


def test_templates_in_python_are_refused_by_themselves_too(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="templates in Python are not run"):
        read(tmp_path / "x.py")
