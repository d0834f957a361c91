"""A module that a manifest includes is run as it lies in its directory."""

from pathlib import Path

from deployforge_control_plane.domain.manifest.manifest import parse
from deployforge_mcal.domain.units import ResourceSpec
from deployforge_templates.includes import expand
from deployforge_terraform import modules

EXAMPLES = Path(__file__).parents[4] / "examples"
MANIFEST = b"""\
apiVersion: deployforge.io/v1
kind: Deployment
metadata: {name: site, namespace: front}
spec:
  providers: {tf: {type: terraform, credentialRef: tf-local}}
  includes: [{format: terraform, path: site, parameters: {root: /srv, title: "${mark.id}"}}]
  resources: [{name: mark, type: tf/terraform_data, properties: {input: x}}]
"""


def test_what_is_sent_is_what_lies_there() -> None:
    path = EXAMPLES / "terraform/m.yaml"
    manifest = parse(expand(MANIFEST, path, EXAMPLES).text)
    site = next(one for one in manifest.canonical["resources"] if one["name"] == "site")
    spec = ResourceSpec("urn:site", "site", "terraform/module", site["properties"])
    assert modules.problems(spec) == []
    assert modules.files(spec) == {"main.tf": (EXAMPLES / "terraform/site/main.tf").read_text()}
    assert modules.outputs(modules.files(spec)) == ("path",)
    assert site["properties"]["variables"] == {"root": "/srv", "title": "${mark.id}"}
