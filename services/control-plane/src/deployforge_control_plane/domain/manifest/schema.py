"""The JSON Schema of a manifest: the one description of its fields, their types and their defaults.

Published to editors, walked by `validation` to find problems and by `canonical` to fill in defaults. Beside the
standard keywords it uses `discriminator` (which branch of a `oneOf` applies, as in OpenAPI), `format: duration`,
and `x-expected` and `x-noun`, words for messages. Standard validators ignore these and still agree.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from deployforge_control_plane.domain.compliance import POLICIES
from deployforge_control_plane.domain.manifest import durations

Schema = dict[str, Any]

API_VERSION: Final = "deployforge.io/v1"
KIND: Final = "Deployment"
UNIFIED_TYPES: Final = (
    "Network", "Subnet", "SecurityGroup", "ObjectStore", "Queue", "Topic", "Table", "Database", "Cache", "Compute",
    "Function", "LoadBalancer", "DnsRecord", "Secret", "Role", "LogGroup",
)  # fmt: skip
LADDER: Final = ("retry", "correct", "rollback", "recreate", "alert")
SEVERITIES: Final = ("informational", "degraded", "critical")

FORMATS: Final = ("cloudformation", "arm", "deployment-manager", "terraform")
"""Of native templates that a manifest may include."""

_NAME: Final = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
_ALIAS: Final = "^[A-Za-z][A-Za-z0-9-]{0,62}$"
_NATIVE_TYPE: Final = "^[A-Za-z][A-Za-z0-9-]{0,62}/[A-Za-z0-9][A-Za-z0-9:._/@-]{0,200}$"


def _text(pattern: str = "", expected: str = "", **more: Any) -> Schema:
    schema: Schema = {"type": "string", "maxLength": 4096, **more}
    if pattern:
        schema |= {"pattern": pattern, "x-expected": expected}
    return schema


def _enum(words: Iterable[str], **more: Any) -> Schema:
    return {"type": "string", "enum": list(words), **more}


def _object(properties: Mapping[str, Schema], required: Iterable[str] = (), **more: Any) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def _map(values: Schema, keys: Schema, **more: Any) -> Schema:
    return {"type": "object", "additionalProperties": values, "propertyNames": keys, **more}


def _list(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def _count(lowest: int, **more: Any) -> Schema:
    return {"type": "integer", "minimum": lowest, **more}


def _duration(**more: Any) -> Schema:
    return {
        "type": ["string", "integer"],
        "format": "duration",
        "pattern": durations.PATTERN,
        "minimum": 1,
        "maximum": 999_999_999,
        "x-expected": "a duration such as 30s, 5m, 4h or 2d",
        **more,
    }


def _flag(default: bool, **more: Any) -> Schema:
    return {"type": "boolean", "default": default, **more}


def _name(**more: Any) -> Schema:
    return _text(_NAME, "a name of 1 to 63 lower-case letters, digits and inner hyphens", **more)


def _alias() -> Schema:
    return _text(_ALIAS, "a word of letters, digits and hyphens that begins with a letter")


def _variants(by: str, noun: str, branches: Mapping[str, Schema]) -> Schema:
    """One of several objects, told apart by the constant in the field `by`."""
    return {"oneOf": list(branches.values()), "discriminator": {"propertyName": by}, "x-noun": noun}


def _provider(name: str, required: Iterable[str], **fields: Schema) -> Schema:
    word = _text("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", "a word of letters, digits, dots, hyphens and underscores")
    common = {"type": {"const": name}, "credentialRef": {**word, "description": "Name of a stored credential."}}
    for field in required:
        common[field] = fields.pop(field, word)
    return _object({**common, **fields}, ["type", "credentialRef", *required])


def _providers() -> Schema:
    account = _text("^[0-9]{12}$", "12 digits in quotes", description="Account id.")
    word = _text("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", "a word of letters, digits, dots, hyphens and underscores")
    return _variants("type", "provider type", {
        "aws": _provider("aws", ["region", "account"], account=account),
        "azure": _provider("azure", ["location", "subscription", "resourceGroup"]),
        "gcp": _provider("gcp", ["project", "region"], engine=_enum(
            ["infrastructure-manager", "deployment-manager"], default="infrastructure-manager",
            description="deployment-manager is legacy: Google ended it on 31 March 2026.")),
        "terraform": _provider("terraform", [], account=word, location=word, engine=_enum(
            ["opentofu", "terraform"], default="opentofu")),
    })  # fmt: skip


def _parameters() -> Schema:
    def of(kind: str, value: Schema) -> Schema:
        return _object({"type": {"const": kind}, "description": _text(), "default": value, "value": value}, ["type"])

    secret = _object({
        "type": {"const": "secret"},
        "description": _text(),
        "from": _text("^secret://[a-z][a-z0-9-]{0,30}/[A-Za-z0-9_-][A-Za-z0-9._/-]{0,198}$", "a reference such as secret://file/shop/db"),
    }, ["type", "from"])  # fmt: skip
    return _variants("type", "parameter type", {
        "string": of("string", _text()),
        "integer": of("integer", {"type": "integer"}),
        "number": of("number", {"type": ["number", "integer"]}),
        "boolean": of("boolean", {"type": "boolean"}),
        "list": of("list", {"type": "array"}),
        "map": of("map", {"type": "object"}),
        "secret": secret,
    })  # fmt: skip


def _resource() -> Schema:
    kind = {
        "type": "string",
        "anyOf": [{"enum": list(UNIFIED_TYPES)}, {"pattern": _NATIVE_TYPE}],
        "x-noun": "resource type",
        "x-expected": "a unified type or <provider>/<native type>",
        "description": 'A unified type ("Queue") or "<provider>/<native type>" ("aws/AWS::SNS::Topic").',
    }
    free: Schema = {"type": "object", "default": {}}
    imported = _object({"id": _text("^.", "the physical id of what exists")}, ["id"], default=None)
    return _object({
        "name": _name(description="What the resource is known by, for good; it is never a position in a list."),
        "type": kind,
        "provider": {**_alias(), "description": "May be left out where only one provider is declared."},
        "properties": {**free, "description": "Enforced values, in the vocabulary of the type."},
        "native": {**free, "description": "Provider overlay in native vocabulary, enforced like the rest."},
        "initial": {**free, "description": "Set at creation, never enforced."},
        "criticality": _enum(["low", "normal", "high"], default="normal", description="Raises drift's severity."),
        "lifecycle": _object({
            "protect": _flag(False, description="Refuse to delete or replace it."),
            "retainOnDelete": _flag(False, description="Leave it in the cloud when it leaves the manifest."),
        }, default={}),
        "import": {**imported, "type": ["object", "null"], "description": "Adopt what exists."},
        "dependsOn": _list(_name(), default=[], description="Explicit; a reference implies it."),
    }, ["name", "type"])  # fmt: skip


def _include() -> Schema:
    free: Schema = {"type": "object", "default": {}}
    return _object({
        "format": _enum(FORMATS, description="What wrote it."),
        "path": _text("^.", "the path of a template, from where the manifest is"),
        "provider": {**_alias(), "description": "May be left out where only one provider fits."},
        "prefix": _text("^[a-z][a-z0-9-]{0,30}$", "the beginning of a name", description="Of its names and outputs."),
        "parameters": {**free, "description": "Values for the template's own parameters."},
        "exports": {**free, "description": "What other stacks export, for Fn::ImportValue."},
        "zones": _list(_text(), default=[], description="Availability zones, for Fn::GetAZs."),
    }, ["format", "path"])  # fmt: skip


def _drift() -> Schema:
    where = {"resource": _text("^(\\*|[a-z0-9*-]{1,63})$", "a resource name or *", default="*"),
             "path": _text("^.", "a path such as tags.env or **.public*")}  # fmt: skip
    until = _text("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a day such as 2027-01-31", default=None)
    when = _object({
        "found": _enum(["increased", "decreased", "gone", "extended"], description="How it differs."),
        "atLeast": {"type": "number"}, "atMost": {"type": "number"},
        "oneOf": _list({"type": ["string", "number", "boolean"]}, minItems=1),
    }, description="Only where the value that is found is such; all of it must hold.")  # fmt: skip
    return _object({
        "every": _duration(default="60s", description="How often live values are compared."),
        "ignore": _list(_object({**where, "when": when, "reason": _text("^.", "why it is ignored"),
                                 "until": {**until, "type": ["string", "null"]}}, ["path", "reason"]), default=[]),
        "severity": _list(_object({**where, "level": _enum(SEVERITIES)}, ["path", "level"]), default=[]),
    }, default={})  # fmt: skip


def _healing() -> Schema:
    time = _text("^([01][0-9]|2[0-3]):[0-5][0-9]$", "a time such as 22:30 in quotes")
    day = _enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
    return _object({
        "mode": _enum(["off", "propose", "auto"], default="propose", description="Who decides on a remedy."),
        "maxSeverity": _enum(SEVERITIES, default="degraded", description="Above it, people are asked."),
        "windows": _list(_object({"days": _list(day, default=[]), "from": time, "to": time}, ["from", "to"]),
                         default=[], description="Healing happens only within them (UTC); none means always."),
        "limits": _object({
            "maxResources": _count(0, default=5, description="Healed at once; 0 is no limit."),
            "maxPercent": _count(0, maximum=100, default=10, description="Of the resources; 0 is no limit."),
            "perHour": _count(0, default=20, description="0 is no limit."),
            "flap": _object({"count": _count(1, default=3), "within": _duration(default="30m")}, default={}),
            "massChange": _object({
                "count": _count(0, description="So many drifting together are healed no more; 50, 0 is no limit."),
                "percent": _count(0, maximum=100, description="And so many of a hundred; 25."),
                "within": _duration(),
            }),
        }, default={}),
        "ladder": _list(_enum(LADDER), default=list(LADDER), uniqueItems=True),
    }, default={})  # fmt: skip


def _approval() -> Schema:
    return _object({
        "required": _count(0, maximum=20, default=0, description="People who must approve a plan."),
        "distinctFromAuthor": _flag(True, description="The author does not count."),
        "expires": _duration(default="4h", description="A plan that nobody approves for so long is rejected."),
        "reapproveOnChange": {"const": True, "default": True, "description": "An approval is of one plan digest."},
    }, default={})  # fmt: skip


def _policies() -> Schema:
    return _variants("ref", "policy", {
        ref: _object({"ref": {"const": ref}, "params": {**policy.params, "default": {}}}, ["ref"],
                     description=policy.description)
        for ref, policy in POLICIES.items()
    })  # fmt: skip


def _label_map(**more: Any) -> Schema:
    return _map(_text(), _text("^.{1,128}$", "a key of at most 128 characters"), default={}, **more)


MANIFEST: Final[Schema] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://deployforge.io/schemas/v1/manifest.schema.json",
    "title": "DeployForge deployment",
    **_object({
        "apiVersion": {"const": API_VERSION},
        "kind": {"const": KIND},
        "metadata": _object({"name": _name(), "namespace": _name(), "labels": _label_map()}, ["name", "namespace"]),
        "spec": _object({
            "parameters": _map(_parameters(), _text("^[A-Za-z][A-Za-z0-9_]{0,62}$", "a word"), default={}),
            "providers": _map(_providers(), _alias(), description="Credentials by reference, never inline."),
            "resources": _list(_resource(), default=[]),
            "includes": _list(_include(), default=[], description="Native templates; clients put in what they declare."),
            "policies": _list(_policies(), default=[]),
            "drift": _drift(),
            "healing": _healing(),
            "approval": _approval(),
            "outputs": _map(_text(), _text("^[A-Za-z][A-Za-z0-9_-]{0,62}$", "a word"), default={}),
        }, ["providers"]),
    }, ["apiVersion", "kind", "metadata", "spec"]),
}  # fmt: skip
