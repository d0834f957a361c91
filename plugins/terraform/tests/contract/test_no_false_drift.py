"""Whatever OpenTofu deploys and is looked at once is as declared: the examples that need it. The clouds' are held with mcal."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from deployforge_documents.reading import Node
from deployforge_templates.formats import FORMATS
from deployforge_templates.imported import Given
from deployforge_templates.sources import Source
from deployforge_templates.writing import manifest as written

from tests.fresh import PROPERTY, Fresh, Place
from tests.published_templates import ROOT

_TF: Final = {"type": "terraform", "credentialRef": "tf-local"}
_PAGE: Final = {"filename": "", "content": "Uploads go to $${there}\n"}


def test_no_example_is_drift_right_after_it_was_deployed(
    world: Any, tmp_path: Path, record_property: Callable[[str, Any], None]
) -> None:
    source = Source(ROOT / "examples/terraform/site", "site", Node(None, 1, 1))
    given = Given("tf", _TF, "site", parameters={"root": Node(str(tmp_path), 1, 1)})
    site = written(
        FORMATS["terraform"].load(source, given), name="site", namespace="fresh", alias="tf", provider=_TF, source="site"
    )
    page = {"name": "page", "type": "tf/local_file", "properties": {**_PAGE, "filename": str(tmp_path / "page")}}
    multicloud = {
        "apiVersion": "deployforge.io/v1", "kind": "Deployment", "metadata": {"name": "multicloud", "namespace": "fresh"},
        "spec": {"providers": {"tf": _TF}, "resources": [page]},
    }  # fmt: skip
    places = {"terraform": Place(world.provider, world.root, "")}
    for template, manifest in (("terraform/site", site), ("multicloud.yaml", json.dumps(multicloud))):
        fresh = Fresh(manifest.encode(), places)
        fresh.deploy()
        reading = fresh.read()
        record_property(PROPERTY, reading.told(template))
        assert reading.false_drifts == {}
        assert reading.checked
        fresh.destroy()
