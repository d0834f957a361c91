"""Text that only looks like a reference or an expression reaches every cloud as it was meant, and is not drift."""

import base64
import json
from typing import Any

import pytest
from deployforge_mcal.adapters.aws.models import model as aws_model
from deployforge_mcal.adapters.azure import planning as azure_planning
from deployforge_mcal.adapters.azure.provider import AzureProvider
from deployforge_mcal.adapters.gcp import planning as gcp_planning
from deployforge_mcal.adapters.gcp.provider import GcpProvider
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.references import escaped
from deployforge_mcal.domain.units import CompiledUnit, ResourceSpec, Scope, UnitSpec
from hypothesis import example, given
from hypothesis import strategies as st

TEXTS = st.text(alphabet="${}a.[]%", min_size=1, max_size=12)


def _declared(type: str, properties: dict[str, Any]) -> ResourceSpec:
    return ResourceSpec("urn:df:shop:web:it", "it", type, properties)


def _compiled(provider: Any, scope: Scope, spec: ResourceSpec) -> CompiledUnit:
    unit: CompiledUnit = provider.compile(UnitSpec("d", "x/0.0", "df-unit", scope, (spec,)))
    return unit


@given(TEXTS)
@example("${a.b}")
def test_from_declaration_to_aws_and_back(text: str) -> None:
    of = aws_model("Topic")
    desired = of.filled(of.desired(_declared("Topic", {"displayName": escaped(text)})), {})
    live = of.live(of.native_of(desired))
    assert live["displayName"] == text
    assert differing(desired, live, ()) == []
    assert differing(desired, {**live, "displayName": f"{text}!"}, ()) == ["displayName"]


@given(TEXTS)
@example("${a.b}")
def test_from_declaration_to_a_template_of_azure(text: str) -> None:
    scope = Scope("azure", "sub/group", "westeurope", "c")
    unit = _compiled(AzureProvider(), scope, _declared("ObjectStore", {"tags": {"said": escaped(text)}}))
    plan = azure_planning.plan(unit, {})
    [said] = [p.body["tags"]["said"] for p in plan.pieces if "said" in p.body.get("tags", {})]
    assert said == (f"[{text}" if text.startswith("[") else text)
    assert plan.declared[0].desired["tags"] == {"said": text}


def test_a_script_on_azure_keeps_its_own_variables() -> None:
    scope = Scope("azure", "sub/group", "westeurope", "c")
    properties = {
        "image": "Canonical:ubuntu-24_04-lts:server:latest", "size": "small", "subnet": "/subscriptions/sub/x",
        "startup": "echo $${HOME} [$${a.b}]", "keyPair": "ops",
    }  # fmt: skip
    plan = azure_planning.plan(_compiled(AzureProvider(), scope, _declared("Compute", properties)), {})
    [script] = [p.body["properties"]["settings"]["script"] for p in plan.pieces if p.id.endswith("/startup")]
    assert base64.b64decode(script).decode() == "echo ${HOME} [${a.b}]"


@pytest.mark.parametrize("text", ["${a.b}", "$${a.b}", "%{if}", "[x]"])
def test_from_declaration_to_a_blueprint_of_google(text: str) -> None:
    scope = Scope("gcp", "shop", "europe-west1", "c")
    spec = _declared("gcp/google_pubsub_subscription", {"topic": "t", "filter": escaped(text)})
    plan = gcp_planning.plan(_compiled(GcpProvider(), scope, spec), {})
    resources = json.loads(plan.blueprint())["resource"]["google_pubsub_subscription"]
    [said] = [r["filter"] for r in resources.values()]
    assert said == text.replace("${", "$${").replace("%{", "%%{")
    assert plan.declared[0].desired["filter"] == text
