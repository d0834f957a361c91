"""ARM templates: what expressions come to, what becomes a resource, and what is refused by its name."""

import json
from pathlib import Path
from typing import Any

import pytest
from deployforge_documents.problems import InvalidDocument
from deployforge_documents.reading import Node
from deployforge_templates.arm.hashes import guid, unique_string
from deployforge_templates.arm.template import load
from deployforge_templates.imported import Given, Imported
from deployforge_templates.values import from_manifest, written
from hypothesis import given
from hypothesis import strategies as st

EXAMPLE = Path(__file__).parents[4] / "examples/arm/web.json"
GROUP = "/subscriptions/0000/resourceGroups/shop"
PROVIDER = {"type": "azure", "location": "westeurope", "subscription": "0000", "resourceGroup": "shop"}
NET = {"type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "net", "properties": {}}


def give(**values: Any) -> dict[str, Node]:
    return {name: from_manifest(Node(value, 1, 1, file="given")) for name, value in values.items()}


def read(template: Any, **more: Any) -> Imported:
    text = template if isinstance(template, str) else json.dumps(template)
    return load(text.encode(), Given(**{"alias": "azure", "provider": PROVIDER, "deployment": "shop", **more}), "t.json")


def declared(imported: Imported) -> dict[str, Any]:
    return {one.name: (one.type, written(one.properties).plain(), one.depends_on) for one in imported.resources}


def value(expression: Any, **more: Any) -> Any:
    template = {
        "parameters": {
            "env": {"type": "string", "defaultValue": "prod"}, "count": {"type": "int", "defaultValue": 3},
            "names": {"type": "array", "defaultValue": ["a", "b"]}, "key": {"type": "secureString"},
        },
        "variables": {"tier": {"size": "big", "list": [1, 2]}, "copy": [{"name": "twice", "count": 2, "input": "[copyIndex('twice', 5)]"}]},
        "resources": [NET, {"type": "Microsoft.Web/sites", "apiVersion": "2023-12-01", "name": "web", "properties": {"x": expression}}],
    }  # fmt: skip
    found = declared(read(template, parameters=give(key="${parameters.key}"), **more))
    return found["web"][1]["properties"]["x"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("[parameters('env')]", "prod"), ("[PARAMETERS('ENV')]", "prod"), ("[parameters('key')]", "${parameters.key}"),
        ("[variables('tier').size]", "big"), ("[variables('tier')['list'][1]]", 2), ("[variables('twice')]", [5, 6]),
        ("[[literal]", "[literal]"), ("[notclosed", "[notclosed"), ("${x}", "$${x}"), ("['it''s']", "it's"),
        ("[concat('a', parameters('count'), true())]", "a3True"), ("[concat(parameters('names'), createArray(1))]", ["a", "b", 1]),
        ("[concat('x-', resourceId('Microsoft.Network/virtualNetworks', 'net'))]", "x-${net.id}"),
        ("[format('{0}-{1}-{{}}', parameters('env'), 7)]", "prod-7-{}"),
        ("[if(equals(parameters('env'), 'prod'), 'yes', listKeys('never', 'called'))]", "yes"),
        ("[if(or(false(), not(true())), 1, 2)]", 2), ("[coalesce(null(), 'b')]", "b"), ("[string(createObject('a', 1))]", '{"a":1}'),
        ("[resourceId('Microsoft.Network/virtualNetworks', 'net')]", "${net.id}"),
        ("[resourceId('Microsoft.Network/virtualNetworks', 'other')]", f"{GROUP}/providers/Microsoft.Network/virtualNetworks/other"),
        ("[resourceId('hub', 'Microsoft.Network/virtualNetworks', 'net')]",
         "/subscriptions/0000/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/net"),
        ("[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'r')]",
         "/subscriptions/0000/providers/Microsoft.Authorization/roleDefinitions/r"),
        ("[reference('net').guid]", "${net.guid}"),
        ("[reference(resourceId('Microsoft.Network/virtualNetworks', 'net'), '2024-05-01').dhcp.first]", "${net.dhcp.first}"),
        ("[resourceGroup().location]", "westeurope"), ("[subscription().subscriptionId]", "0000"), ("[deployment().name]", "shop"),
        ("[environment().suffixes.storage]", "core.windows.net"),
        ("[last(split('a/b/c', '/'))]", "c"), ("[split('a;b,c', createArray(';', ','))]", ["a", "b", "c"]),
        ("[substring('abcdef', 2, 3)]", "cde"), ("[replace('aXbX', 'X', '-')]", "a-b-"), ("[padLeft(7, 3, '0')]", "007"),
        ("[toUpper(trim(' a '))]", "A"), ("[join(createArray('a', 2), ',')]", "a,2"), ("[indexOf('abc', 'C')]", 2),
        ("[startsWith('Abc', 'aB')]", True), ("[contains(createObject('Key', 1), 'key')]", True), ("[empty('')]", True),
        ("[union(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2)))]", {"a": {"x": 1, "y": 2}}),
        ("[intersection(createArray(1, 2, 3), createArray(3, 1))]", [1, 3]), ("[range(2, 3)]", [2, 3, 4]),
        ("[skip(createArray(1, 2, 3), 1)]", [2, 3]), ("[take('abc', 2)]", "ab"), ("[empty(first(createArray()))]", True),
        ("[add(mul(2, 3), sub(5, div(7, 2)))]", 8), ("[mod(-7, 3)]", -1), ("[max(1, 5, 3)]", 5), ("[min(createArray(4, 2))]", 2),
        ("[base64('one')]", "b25l"), ("[base64ToString('b25l')]", "one"), ("[uri('https://a.b/c/', 'd')]", "https://a.b/c/d"),
        ("[uriComponent('a b/c')]", "a%20b%2Fc"), ("[json('{\"a\": [1]}').a[0]]", 1), ("[int('4')]", 4), ("[bool('True')]", True),
        ("[cidrSubnet('10.0.0.0/16', 24, 2)]", "10.0.2.0/24"), ("[cidrHost('10.0.0.0/24', 0)]", "10.0.0.1"),
        ("[items(createObject('b', 1, 'a', 2))[0].key]", "a"), ("[flatten(createArray(createArray(1), createArray(2)))]", [1, 2]),
        ("[equals('1', 1)]", False), ("[less(1, 2)]", True), ("[length(parameters('names'))]", 2),
        ({"[concat('k', 1)]": "v"}, {"k1": "v"}),
        ({"a": 1, "copy": [{"name": "b", "count": 2, "input": {"n": "[copyIndex('b')]"}}]}, {"a": 1, "b": [{"n": 0}, {"n": 1}]}),
    ],
)  # fmt: skip
def test_an_expression_comes_to_its_value(expression: Any, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message", "offset"),
    [
        ("[parameters('evn')]", 'unknown parameter "evn"', 1),
        ("[variables('tear')]", 'unknown variable "tear"', 1),
        ("[concat('a', newGuid())]", "newGuid gives another value each time", 13),
        ("[listKeys(resourceId('a/b', 'c'), '2020-01-01').key]", "listKeys gives a secret", 1),
        ("[list('x')]", "list lists secrets of what is deployed", 1),
        ("[my.function('x')]", "my.function is not evaluated", 1),
        ("[lambda('x', 1)]", "lambda is not evaluated", 1),
        ("[reference('other').x]", 'reference: "other" is not made by this template', 1),
        ("[reference('net', '2024-05-01', 'Full').id]", "reference with 'Full' tells more than properties", 1),
        ("[reference('net')]", "reference(…) of net is more than a text", 0),
        ("[toLower(reference('net').guid)]", "${net.guid} is known only when it is deployed", 1),
        ("[equals(parameters('key'), '')]", "${parameters.key} is known only when it is deployed", 1),
        ("[substring('abc', 2, 5)]", "substring: 2 and 5 do not lie within 3 characters", 1),
        ("[format('{1}', 1)]", "format: {1} is no position of an argument", 1),
        ("[variables('tier').colour]", 'there is no property "colour"', 18),
        ("[variables('tier').list[2]]", 'there is nothing at "2"', 23),
        ("[copyIndex()]", "copyIndex: there is no loop", 1),
        ("[concat('a'", None, 0),
        ("[concat('a' 'b')]", "in the expression a comma or ) is missing", 11),
        ("[concat]", "in the expression concat is no function", 1),
        (
            "[resourceId('Microsoft.Network/virtualNetworks')]",
            "resourceId: Microsoft.Network/virtualNetworks has 1 names",
            1,
        ),
        ("[if('yes', 1, 2)]", "if: yes is neither true nor false", 1),
        ("[padLeft('a', 1000000000)]", "padLeft: at most 10000 characters", 1),
        ("[" + "not(" * 70 + "true()" + ")" * 70 + "]", "in the expression is nested deeper than 64 levels", 261),
    ],
)
def test_what_is_not_evaluated_is_refused_where_it_stands(expression: str, message: str | None, offset: int) -> None:
    if message is None:  # No expression at all.
        assert value(expression) == expression
        return
    with pytest.raises(InvalidDocument) as refused:
        value(expression)
    problem = refused.value.problems[0]
    assert problem.message.startswith(message)
    template = refused.value.problems[0]
    assert template.file == "t.json" and template.line == 1
    assert problem.column == _column(expression) + (offset + 1 if offset else 0)


def _column(expression: str) -> int:
    """Where the expression's text begins in the template of `value`."""
    with pytest.raises(InvalidDocument) as refused:
        value("[nothing()" + " " * len(expression) + "]")
    return refused.value.problems[0].column - 2


def test_texts_that_double_themselves_for_ever_are_refused() -> None:
    variables = {f"v{n}": f"[concat(variables('v{n - 1}'), variables('v{n - 1}'))]" for n in range(1, 40)}
    template = {"variables": {"v0": "x", **variables}, "resources": [{**NET, "name": "[variables('v39')]"}]}
    with pytest.raises(InvalidDocument, match="more than 200000 calls are evaluated"):
        read(template)
    with pytest.raises(InvalidDocument, match='variable "a" needs itself'):
        read(
            {
                "variables": {"a": "[variables('b')]", "b": "[variables('a')]"},
                "resources": [{**NET, "name": "[variables('a')]"}],
            }
        )


def test_the_example_becomes_resources_with_references_and_loops() -> None:
    found = read(EXAMPLE.read_text(), parameters=give(env="production", machines=3))
    store = f"web{unique_string(GROUP, 'production')}"
    made = declared(found)
    parts = ["web-production-part0", "web-production-part1"]
    assert list(made) == ["web-production", *parts, *(f"web-production-{n}" for n in (1, 2, 3)), store, f"{store}-default"]
    kind, net, _ = made["web-production"]
    assert kind == "azure/Microsoft.Network/virtualNetworks"
    assert (net["name"], net["location"], net["tags"]) == ("web-production", "westeurope", {"env": "production"})
    assert net["properties"]["addressSpace"] == {"addressPrefixes": ["10.44.0.0/16", "10.45.0.0/16"]}
    kind, part, needs = made["web-production-part1"]
    assert kind == "azure/Microsoft.Network/virtualNetworks/subnets"
    assert (part["name"], part["parent"], needs) == (
        "part1",
        "${web-production.id}",
        ("web-production", "web-production-part0"),
    )
    _, account, needs = made[store]
    assert (account["sku"], needs) == ({"name": "Standard_ZRS"}, ("web-production",))
    assert account["tags"] == {"network": "${web-production-part0.id}"}
    kind, blobs, needs = made[f"{store}-default"]
    assert (kind, blobs["parent"], blobs["name"]) == (
        "azure/Microsoft.Storage/storageAccounts/blobServices",
        f"${{{store}.id}}",
        "default",
    )
    assert blobs["properties"] == {"isVersioningEnabled": True}
    outputs = {name: written(node).value for name, node in found.outputs.items()}
    assert outputs == {"firstAddress": "${web-production-1.ipAddress}", "storeId": f"${{{store}.id}}"}
    assert (found.resources[6].source.line, found.resources[6].properties.value["sku"].line) == (52, 57)


def test_parameters_are_kept_where_they_decide_nothing() -> None:
    found = read(EXAMPLE.read_text(), keep=True)
    assert {name: (one.type, one.value) for name, one in found.parameters.items()} == {"location": ("string", "westeurope")}
    assert declared(found)["web-staging"][1]["location"] == "${parameters.location}"
    assert [note.partition(" decided")[0] for note in found.notes] == ["parameter env", "parameter machines"]


def test_a_name_with_a_kept_parameter_in_it_is_split_where_it_is_written() -> None:
    template = {
        "parameters": {"net": {"type": "string", "defaultValue": "hub"}, "pw": {"type": "securestring", "defaultValue": "hunter2"}},
        "resources": [
            {**NET, "name": "[parameters('net')]"},
            {**NET, "type": f"{NET['type']}/subnets", "name": "[concat(parameters('net'), '/a-', parameters('net'))]",
             "properties": {"secret": "[parameters('pw')]"}, "dependsOn": ["[parameters('net')]"]},
        ],
    }  # fmt: skip
    found = read(template, keep=True)
    assert declared(found)["hub-a-hub"][1] == {
        "name": "a-${parameters.net}", "apiVersion": "2024-05-01", "parent": "${hub.id}", "properties": {"secret": "${parameters.pw}"},
    }  # fmt: skip
    assert found.parameters["pw"].reference == "secret://file/shop/pw"
    assert "hunter2" not in repr(found)


def test_what_only_names_a_resource_decides_nothing_and_null_is_left_out() -> None:
    template = {
        "parameters": {"net": {"type": "string", "defaultValue": "hub"}, "far": {"type": "string", "defaultValue": "spoke"}},
        "resources": [
            {**NET, "name": "[parameters('net')]"},
            {**NET, "name": "other", "dependsOn": ["[parameters('net')]"], "properties": {
                "id": "[resourceId('Microsoft.Network/virtualNetworks', parameters('net'))]", "guid": "[reference(parameters('net')).guid]",
                "far": "[resourceId('Microsoft.Network/virtualNetworks', parameters('far'))]", "none": "[json('null')]", "list": [{"a": None}],
            }},
        ],
    }  # fmt: skip
    found = read(template, keep=True)
    assert list(found.parameters) == ["net"]
    assert declared(found)["hub"][1]["name"] == "${parameters.net}"
    assert declared(found)["other"][1]["properties"] == {
        "id": "${hub.id}", "guid": "${hub.guid}", "far": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/spoke", "list": [{}],
    }  # fmt: skip
    assert found.notes == ("parameter far decided what is made and is put in with its value, spoke",)


def test_a_nested_deployment_is_taken_apart() -> None:
    inner = {
        "parameters": {"name": {"type": "string"}, "size": {"type": "int", "defaultValue": 4}, "from": {"type": "string"}},
        "variables": {"full": "[concat(parameters('name'), '-inner')]"},
        "resources": [{**NET, "name": "[variables('full')]", "properties": {"n": "[parameters('size')]", "from": "[parameters('from')]"}}],
        "outputs": {"made": {"type": "string", "value": "[resourceId('Microsoft.Network/virtualNetworks', variables('full'))]"}},
    }  # fmt: skip
    nested = {
        "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "deeper", "dependsOn": ["net"],
        "properties": {
            "mode": "Incremental", "template": inner, "expressionEvaluationOptions": {"scope": "inner"},
            "parameters": {"name": {"value": "x"}, "from": {"value": "[reference('net').guid]"}},
        },
    }  # fmt: skip
    after = {
        **NET,
        "name": "after",
        "dependsOn": ["deeper"],
        "properties": {"id": "[reference('deeper').outputs.made.value]"},
    }
    made = declared(read({"resources": [NET, nested, after]}))
    assert made["x-inner"][1]["properties"] == {"n": 4, "from": "${net.guid}"}
    assert made["x-inner"][2] == ("net",)
    assert made["after"][1]["properties"] == {"id": "${x-inner.id}"}
    assert made["after"][2] == ("x-inner",)
    outer = {**nested, "properties": {"template": {"resources": [{**NET, "name": "[variables('v')]"}]}}}
    assert "from-outside" in declared(read({"variables": {"v": "from-outside"}, "resources": [NET, outer]}))


def test_symbols_conditions_and_serial_loops() -> None:
    serial = {**NET, "name": "[concat('n', copyIndex())]", "copy": {"name": "loop", "count": 3, "mode": "Serial"}}
    template = {
        "languageVersion": "2.0",
        "resources": {
            "there": {**NET, "existing": True, "name": "old"}, "never": {**NET, "name": "no", "condition": "[false()]"}, "loop": serial,
            "last": {**NET, "name": "last", "dependsOn": ["loop", "never"], "properties": {"g": "[reference('last2').guid]"}},
            "last2": {**NET, "name": "n0", "type": "Microsoft.Network/publicIPAddresses"},
        },
    }  # fmt: skip
    made = declared(read(template))
    assert set(made) == {"n0-virtualnetworks", "n0-publicipaddresses", "n1", "n2", "last"}
    assert made["n2"][2] == ("n1",)
    assert made["last"][2] == ("n0-virtualnetworks", "n1", "n2")
    assert made["last"][1]["properties"] == {"g": "${n0-publicipaddresses.guid}"}


NESTED = '"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "n"'
REFUSED = {
    "no resources": ("{}", 1, 1, "is no ARM template"),
    "nothing made": ('{"resources": []}', 1, 1, "makes no resource"),
    "an unknown section": ('{"resources": [],\n "Resorces": []}', 2, 2, 'unknown section "Resorces"'),
    "functions": ('{"resources": [],\n "functions": [{}]}', 2, 2, "functions of a template's own are not evaluated"),
    "a subscription's template": (
        '{"$schema": "https://x/subscriptionDeploymentTemplate.json#", "resources": []}', 1, 13, "is a template for more than a resource group",
    ),
    "an unknown field": ('{"resources": [{"propertis": {}}]}', 1, 17, 'unknown field "propertis"'),
    "a scope": ('{"resources": [{"scope": "x"}]}', 1, 17, "scope: resources of another scope"),
    "no version": ('{"resources": [{"type": "A.B/c", "name": "n"}]}', 1, 16, "a resource has no apiVersion"),
    "names and types": ('{"resources": [{"type": "A.B/c/d", "apiVersion": "1", "name": "n"}]}', 1, 63, "A.B/c/d has 2 names"),
    "the same twice": (
        '{"resources": [{"type": "A.B/c", "apiVersion": "1", "name": "n"},\n{"type": "a.b/c", "apiVersion": "1", "name": "N"}]}',
        2, 1, '"N" is declared on line 1 already',
    ),
    "a linked template": (
        '{"resources": [{' + NESTED + ', "properties": {"templateLink": {"uri": "x"}}}]}', 1, 132, "templateLink: a template elsewhere",
    ),
    "complete mode": ('{"resources": [{' + NESTED + ', "properties": {"mode": "Complete"}}]}', 1, 124, "mode Complete deletes"),
    "another group": ('{"resources": [{' + NESTED + ', "resourceGroup": "x"}]}', 1, 101, "resourceGroup: another resource group"),
    "a secret output": (
        '{"resources": [{"type": "A.B/c", "apiVersion": "1", "name": "n"}],\n"outputs": {"o": {"type": "secureString", "value": "x"}}}',
        2, 27, 'output "o" is a secret',
    ),
    "a text over two lines": ('{"resources": ["a\nb"]}', 1, 16, "a text goes on in the next line"),
    "a wrong parameter": ('{"parameters": {"p": {"type": "int", "defaultValue": "x"}}, "resources": []}', 1, 22, 'parameter "p" is "x"'),
    "a parameter without a value": ('{"parameters": {"p": {"type": "int"}}, "resources": []}', 1, 22, 'parameter "p" has no value'),
    "parameters in a circle": (
        '{"parameters": {"p": {"type": "int", "defaultValue": "[parameters(\'p\')]"}}, "resources": []}', 1, 22, 'parameter "p" needs itself',
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken_over_is_refused_by_name_and_place(case: str) -> None:
    text, line, column, message = REFUSED[case]
    with pytest.raises(InvalidDocument) as refused:
        read(text)
    problem = refused.value.problems[0]
    assert problem.message.startswith(message), problem
    assert (problem.file, problem.line, problem.column) == ("t.json", line, column)


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        (("test",), "rbgf3xv4ufgzg"), (("hello", "world"), "a7wkljktk6wne"), (("abc",), "cgtzqvhu4i23s"),
        (("foo", "bar", "baz"), "xzi4ioaxtmth4"), (("/subscriptions/00000000-0000-0000-0000-000000000000", "resource-id"), "cwvxuqg24sifi"),
    ],
)  # fmt: skip
def test_the_hash_of_names_is_azures_own(parts: tuple[str, ...], value: str) -> None:
    assert unique_string(*parts) == value


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_hashes_have_their_form(parts: list[str]) -> None:
    assert len(unique_string(*parts)) == 13
    assert guid(*parts)[14] == "5"
