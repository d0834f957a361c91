"""A CloudFormation template as resources of a manifest."""

from collections.abc import Mapping
from typing import Final

from deployforge_documents.problems import nearest, quoted
from deployforge_documents.reading import Node, read

from deployforge_templates.cloudformation import parameters, resources
from deployforge_templates.cloudformation.evaluator import Evaluator, Names
from deployforge_templates.cloudformation.functions import FUNCTIONS
from deployforge_templates.cloudformation.reading import TEMPLATE
from deployforge_templates.imported import Given, Imported, finished
from deployforge_templates.naming import names
from deployforge_templates.values import NOTHING, Collected, at, key_place, refused

_SECTIONS: Final = (
    "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions", "Resources", "Outputs",
)  # fmt: skip
_REFUSED: Final = {
    "Transform": "macros and transforms run in AWS alone",
    "Rules": "assertions about parameters are not evaluated",
    "Hooks": "hooks belong to the stack",
}


def load(data: bytes, given: Given, file: str) -> Imported:
    """The template in `data`. Raises InvalidDocument with everything that cannot be taken over, each in its place."""
    root = read(data, TEMPLATE, file)
    sections = _sections(root)
    bound = parameters.bind(sections["Parameters"], given, root)
    e = Evaluator(given, bound.values, bound.lists, sections["Mappings"], sections["Conditions"], FUNCTIONS)
    collected = Collected()
    made = {id: node for id, node in sections["Resources"].items() if collected.tried(resources.is_made, e, node)}
    left_out = frozenset(sections["Resources"].keys() - made.keys())
    e.names = Names(names(made, given.prefix), left_out)
    found = [collected.tried(resources.resource, e, id, root, node) for id, node in made.items()]
    outputs = {name: collected.tried(_output, e, node) for name, node in sections["Outputs"].items()}
    collected.told()
    if not made:
        raise refused(root, "makes no resource", "at least one resource")
    imported = [one for one in found if one is not None]
    told = {name: node for name, node in outputs.items() if node is not None}
    description = sections["Description"].get("", at(root, ""))
    return finished(imported, told, bound.kept, e.decided, str(description.value or ""))


def _sections(root: Node) -> dict[str, Mapping[str, Node]]:
    if not isinstance(root.value, dict):
        raise refused(root, "is no template", "a mapping with Resources")
    found: dict[str, Mapping[str, Node]] = {section: {} for section in _SECTIONS}
    # What a macro is for comes first: sections of its own would only look like mistakes.
    for name, node in sorted(root.value.items(), key=lambda entry: entry[0] not in _REFUSED):
        place = key_place(root, name)
        if name in _REFUSED:
            said = f"{name}{_listed(node) if name == 'Transform' else ''}: {_REFUSED[name]}"
            raise refused(place, said, "a template without it", "import what the transform makes of it")
        if name not in _SECTIONS:
            raise refused(place, f"unknown section {quoted(name)}", ", ".join(_SECTIONS), nearest(name, _SECTIONS))
        if name == "Description":
            found[name] = {"": node}
        elif isinstance(node.value, dict):
            found[name] = {key: _entry(node, key, child) for key, child in node.value.items()}
        elif name != "AWSTemplateFormatVersion" and node.value is not None:
            raise refused(node, f"{name} is no mapping", "names and what they stand for")
    if not found["Resources"]:
        raise refused(root, "has no resources", "a section Resources")
    return found


def _entry(section: Node, name: str, node: Node) -> Node:
    if name.startswith("Fn::"):
        loop = name.startswith("Fn::ForEach")
        said = f"{name} is a loop of the transform AWS::LanguageExtensions" if loop else f"{name} is not evaluated"
        raise refused(key_place(section, name), said, "entries that are written out")
    return node


def _listed(node: Node) -> str:
    plain = node.plain()
    words = plain if isinstance(plain, list) else [plain]
    said = [str(word.get("Name", "")) if isinstance(word, dict) else str(word) for word in words]
    return f" {', '.join(said)}" if said else ""


def _output(e: Evaluator, node: Node) -> Node | None:
    if not isinstance(node.value, dict) or "Value" not in node.value:
        raise refused(node, "an output has no Value", "Value")
    condition = node.value.get("Condition")
    if condition is not None and not e.holds(str(condition.value), condition):
        return None
    found = e.text(node.value["Value"]) if e.value(node.value["Value"]).value is not NOTHING else NOTHING
    return None if found is NOTHING else at(node.value["Value"], found)
