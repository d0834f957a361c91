"""A template that was imported, written as a manifest that people go on with."""

from collections.abc import Mapping
from typing import Any, Final

import yaml
from deployforge_documents import scalars

from deployforge_templates.imported import Imported, ImportedParameter
from deployforge_templates.includes import declared
from deployforge_templates.values import written


def manifest(imported: Imported, *, name: str, namespace: str, alias: str, provider: Mapping[str, Any], source: str) -> str:
    """The text of a manifest that declares what was imported from `source`."""
    spec: dict[str, Any] = {}
    if imported.parameters:
        spec["parameters"] = {key: _parameter(one) for key, one in imported.parameters.items()}
    spec["providers"] = {alias: dict(provider)}
    spec["resources"] = [declared(resource).plain() for resource in imported.resources]
    if imported.outputs:
        spec["outputs"] = {key: written(node).plain() for key, node in imported.outputs.items()}
    whole = {
        "apiVersion": "deployforge.io/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }
    said = [f"Imported from {source}.", *imported.description.splitlines(), *(f"Note: {note}." for note in imported.notes)]
    return "".join(f"# {line}".rstrip() + "\n" for line in said) + dumped(whole)


def _parameter(one: ImportedParameter) -> dict[str, Any]:
    fields: dict[str, Any] = {"type": one.type}
    if one.description:
        fields["description"] = one.description
    if one.reference:
        fields["from"] = one.reference
    elif one.value is not None:
        fields["default"] = one.value
    return fields


#: Line breaks for YAML and not for people.
_BREAKS: Final = frozenset("\x85\u2028\u2029")


class _Dumper(yaml.SafeDumper):
    """Writes what a manifest is read as: YAML 1.2, no aliases, texts of many lines as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        """Repeated values are written out."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Items of a list stand below their key."""
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text and not _BREAKS & set(text) and not any(line != line.rstrip() for line in text.split("\n")):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    quoted = '"' if _is_read_otherwise(text) or _BREAKS & set(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=quoted)


def _is_read_otherwise(text: str) -> bool:
    try:
        return not isinstance(scalars.value(text), str)
    except scalars.NotStorable:
        return True


_Dumper.add_representer(str, _text)


def dumped(value: Any) -> str:
    """Plain data as the text of a manifest."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
