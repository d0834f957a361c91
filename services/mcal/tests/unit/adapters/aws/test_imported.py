"""There and back: a CloudFormation template that is imported and compiled makes the resources that it made before.

What the template says is worked out here a second time, by other means (cfn-lint reads it, a few lines evaluate it), so
that importer and compiler are held to something else than themselves.
"""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load as cfnlint_load
from deployforge_documents.reading import Node
from deployforge_mcal.adapters.aws.provider import AwsProvider
from deployforge_mcal.domain.units import ResourceSpec, Scope, UnitSpec
from deployforge_templates.cloudformation.template import load
from deployforge_templates.imported import Given, Imported
from deployforge_templates.values import written

TEMPLATE = Path(__file__).parents[6] / "examples/cloudformation/orders.yaml"
SCOPE = Scope("aws", "000000000000", "eu-west-1", "aws-test")
PSEUDO = {"AWS::Region": "eu-west-1", "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com", "AWS::NoValue": None}


def specs(imported: Imported) -> tuple[ResourceSpec, ...]:
    return tuple(
        ResourceSpec(f"urn:{r.name}", r.name, r.type, written(r.properties).plain(), depends_on=r.depends_on, retain_on_delete=r.retain)
        for r in imported.resources
    )  # fmt: skip


class Original:
    """The template as CloudFormation has it, with resources by the names that the importer gave them."""

    def __init__(self, parameters: dict[str, str], names: dict[str, str]) -> None:
        self.template = cfnlint_load(str(TEMPLATE))
        self.values = {**PSEUDO, **{n: p["Default"] for n, p in self.template["Parameters"].items()}, **parameters}
        self.names = names

    def holds(self, condition: Any) -> bool:
        left, right = self.template["Conditions"][condition]["Fn::Equals"]
        return bool(self.plain(left) == self.plain(right))

    def plain(self, value: Any) -> Any:
        if isinstance(value, list):
            return [item for item in map(self.plain, value) if item is not None]
        if not isinstance(value, dict):
            return value
        name, argument = next(iter(value.items()), ("", None))
        match name:
            case "Ref":
                return self.values[argument] if argument in self.values else f"<{self.names[argument]} ref>"
            case "Fn::GetAtt":
                return f"<{self.names[argument[0]]} {argument[1]}>"
            case "Fn::If":
                return self.plain(argument[1 if self.holds(argument[0]) else 2])
            case "Fn::Sub":
                for known, text in self.values.items():
                    argument = argument.replace(f"${{{known}}}", str(text))
                return argument
            case "Fn::Join":
                return argument[0].join(map(str, self.plain(argument[1])))
            case "Fn::FindInMap":
                return self.template["Mappings"][argument[0]][self.plain(argument[1])][argument[2]]
        return {key: inner for key, child in value.items() if (inner := self.plain(child)) is not None}

    def resources(self) -> dict[str, Any]:
        found = {}
        for id, entry in self.template["Resources"].items():
            if "Condition" not in entry or self.holds(entry["Condition"]):
                needs = entry.get("DependsOn", [])
                found[self.names[id]] = (
                    entry["Type"], entry.get("DeletionPolicy", "Delete"),
                    [self.names[need] for need in ([needs] if isinstance(needs, str) else needs)],
                    with_tags(self.plain(dict(entry.get("Properties", {})))),
                )  # fmt: skip
        return found


def meant(value: Any) -> Any:
    """What AWS takes for the same: a list of one and its item (in policies), a date and its text."""
    if isinstance(value, dict):
        return {key: meant(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return meant(value[0]) if len(value) == 1 else [meant(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def with_tags(properties: dict[str, Any]) -> dict[str, Any]:
    """Tags as a mapping, without ours, and none where there are none."""
    tags = {tag["Key"]: tag["Value"] for tag in properties.pop("Tags", []) if not tag["Key"].startswith("deployforge:")}
    return {**properties, **({"Tags": tags} if tags else {})}


def made(template: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The compiled template's resources, with references as in Original."""

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Ref"}:
            return f"<{names[value['Ref']]} ref>"
        if set(value) == {"Fn::GetAtt"}:
            return f"<{names[value['Fn::GetAtt'][0]]} {value['Fn::GetAtt'][1]}>"
        if set(value) == {"Fn::Join"}:
            return value["Fn::Join"][0].join(map(plain, value["Fn::Join"][1]))
        return {key: plain(child) for key, child in value.items()}

    return {
        names[id]: (
            entry["Type"], entry["DeletionPolicy"], [names[need] for need in entry.get("DependsOn", [])],
            with_tags(plain(entry["Properties"])),
        )
        for id, entry in template["Resources"].items()
    }  # fmt: skip


@pytest.mark.parametrize(
    "parameters",
    [{}, {"Env": "production"}, {"Env": "production", "Alerts": "yes"}],
    ids=["defaults", "production", "alarmed"],
)
def test_what_is_imported_compiles_to_what_the_template_makes(parameters: dict[str, str]) -> None:
    given = Given(
        "aws", {"region": SCOPE.location, "account": SCOPE.account}, "shop",
        parameters={name: Node(value, 1, 1) for name, value in parameters.items()},
    )  # fmt: skip
    imported = load(TEMPLATE.read_bytes(), given, TEMPLATE.name)
    unit = AwsProvider().compile(UnitSpec("dep-1", "unit-1", "deployforge-shop", SCOPE, specs(imported), {}))
    ids = {node.source.line: node.name for node in imported.resources}
    names = {id: ids.get(line, "") for id, line in _lines(TEMPLATE.read_text()).items()}
    again = made(unit.template, {r.logical_id: r.name for r in unit.resources})
    assert meant(again) == meant(Original(parameters, names).resources())
    assert ("alarms" in ids.values()) == ("Alerts" in parameters)


def _lines(text: str) -> dict[str, int]:
    """The line of every resource, by its logical id."""
    rows = list(enumerate(text.splitlines(), 1))
    first = next(number for number, row in rows if row == "Resources:")
    return {
        row.strip().rstrip(":"): number
        for number, row in rows[first:]
        if row.startswith("  ") and row[2:3].strip() and row.endswith(":")
    }
