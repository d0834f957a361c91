"""Two who read ARM templates, neither knowing the other: the importer and the emulator agree on what one says."""

import json
from collections.abc import Mapping

import pytest
from deployforge_documents.reading import Node
from deployforge_mcal.adapters.azure.compiler import compile_unit
from deployforge_mcal.domain.units import ResourceSpec, Scope, UnitSpec
from deployforge_templates.arm.evaluator import plain
from deployforge_templates.arm.scope import Resources
from deployforge_templates.arm.scope import Scope as Around
from deployforge_templates.arm.template import load
from deployforge_templates.imported import Given
from deployforge_templates.values import written
from hypothesis import given
from hypothesis import strategies as st

from tests.emulators.arm.expressions import PURE, evaluate
from tests.emulators.arm.templates import Template

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
PROVIDER = {"type": "azure", "location": "westeurope", "subscription": SUBSCRIPTION, "resourceGroup": "shop"}
GROUP = {
    "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop", "name": "shop", "location": "westeurope", "tags": {}, "properties": {},
}  # fmt: skip
GIVEN = Given("azure", PROVIDER, "web")

TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"env": {"type": "string", "defaultValue": "test"}, "zones": {"type": "array", "defaultValue": ["1", "2"]}},
    "variables": {"net": "[concat('net-', parameters('env'))]", "tags": {"env": "[parameters('env')]", "owner": "[[literal]"}},
    "resources": [
        {
            "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "[variables('net')]",
            "location": "[resourceGroup().location]", "tags": "[variables('tags')]",
            "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
            "resources": [
                {"type": "subnets", "apiVersion": "2024-05-01", "name": "inner", "dependsOn": ["[variables('net')]"],
                 "properties": {"addressPrefix": "10.0.1.0/24"}},
            ],
        },
        {
            "type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2024-05-01",
            "name": "[format('{0}-ip', variables('net'))]", "location": "[resourceGroup().location]",
            "zones": "[parameters('zones')]", "sku": {"name": "[if(equals(parameters('env'), 'test'), 'Standard', 'Basic')]"},
            "properties": {"publicIPAllocationMethod": "Static", "idleTimeoutInMinutes": "[add(length(parameters('zones')), 4)]"},
            "dependsOn": ["[resourceId('Microsoft.Network/virtualNetworks/subnets', variables('net'), 'inner')]"],
        },
        {
            "type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2024-05-01", "name": "never",
            "location": "westeurope", "condition": "[equals(parameters('env'), 'prod')]", "properties": {},
        },
    ],
}  # fmt: skip


@pytest.mark.parametrize("env", ["test", "prod"])
def test_what_is_imported_compiles_to_what_the_template_makes(env: str) -> None:
    template = Template({"template": TEMPLATE, "parameters": {"env": {"value": env}}}, GROUP, "web", lambda _: None)
    original = {str(one.id): template.body(one) for one in template.planned()}
    needed = {str(one.id): len(one.needs) for one in template.planned()}
    imported = load(
        json.dumps(TEMPLATE).encode(), Given("azure", PROVIDER, "web", parameters={"env": Node(env, 1, 1)}), "web.json"
    )
    specs = tuple(
        ResourceSpec(f"urn:{r.name}", r.name, r.type, written(r.properties).plain(), depends_on=r.depends_on)
        for r in imported.resources
    )
    scope = Scope("azure", f"{SUBSCRIPTION}/shop", "westeurope", "test")
    unit = compile_unit(UnitSpec("dep-1", "unit-1", "deployforge-web", scope, specs, {}))
    ids = {r.name: r.logical_id for r in unit.resources}
    again = {
        _real(r.logical_id, ids): {name: value for name, value in r.desired.items() if name not in ("name", "parent")}
        for r in unit.resources
    }
    assert again == original
    assert {_real(r.logical_id, ids): len(r.depends_on) for r in unit.resources} == needed
    assert len(again) == (4 if env == "prod" else 3)


def _real(id: str, ids: Mapping[str, str]) -> str:
    for name, own in ids.items():
        id = id.replace(f"${{{name}.id}}", own)
    return id


_TEXT = st.text(st.sampled_from("abAB-/ '{}0"), max_size=5)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_EXPRESSION = st.recursive(
    _TEXT.map(_quoted),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["toLower", "toUpper", "trim", "base64", "string"]), inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"concat({t[0]}, {t[1]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"if(equals({t[0]}, {t[1]}), {t[2]}, {t[0]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"replace({t[0]}, concat('x', {t[1]}), {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"join(createArray({t[0]}, {t[1]}), '-')"),
        st.tuples(inner, inner).map(lambda t: f"first(split({t[0]}, concat('/', {t[1]})))"),
        st.tuples(inner, st.integers(-2, 9)).map(lambda t: f"take({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"guid({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"string(or(startsWith({t[0]}, {t[1]}), contains({t[0]}, {t[1]})))"),
        st.tuples(inner, inner).map(lambda t: f"string(createObject('k', {t[0]}, 'l', length({t[1]})))"),
        st.tuples(inner, inner).map(lambda t: f"createObject('k', coalesce(null(), {t[0]}), 'm', {t[1]}).K"),
    ),
    max_leaves=8,
)  # fmt: skip


@given(_EXPRESSION)
def test_both_come_to_the_same_value(expression: str) -> None:
    text = f"[{expression}]"
    scope = Around(GIVEN, Resources(), {}, {}, set())
    assert plain(Node(text, 1, 1), scope) == evaluate(text, PURE)
