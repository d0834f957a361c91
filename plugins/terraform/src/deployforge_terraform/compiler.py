"""From a unit's declarations to a configuration in the program's JSON syntax."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure
from deployforge_mcal.domain import references
from deployforge_mcal.domain.normalise import NotCanonical
from deployforge_mcal.domain.references import Reference
from deployforge_mcal.domain.secrets import SecretReference
from deployforge_mcal.domain.units import CompiledResource, CompiledUnit, Problem, ResourceSpec, UnitSpec

from deployforge_terraform import expressions, modules, values
from deployforge_terraform.expressions import expression, label, variable
from deployforge_terraform.schemas import Attribute, Block, ResourceSchema, Schemas, UnknownType, required

_TEXTS: Final = ("string", ["map", "string"], ["list", "string"], ["set", "string"])


def native_type(type: str) -> str:
    """What the program calls a type: what follows the provider's name in `tf/local_file`. Raises UnknownType."""
    name = type.partition("/")[2]
    if not name:
        raise UnknownType(type, "<provider>/<resource type>", "unified types have no equivalent here")
    return name


def check(schemas: Schemas, specs: Sequence[ResourceSpec]) -> list[Problem]:
    """See CloudProvider.check."""
    found: list[Problem] = []
    for spec in specs:
        try:
            found += _problems(schemas, spec)
        except UnknownType as unknown:
            found.append(Problem(f"{spec.name}.type", str(unknown), unknown.expected, unknown.hint))
        except ProviderFailure as failure:
            said = failure.failure
            found.append(Problem(f"{spec.name}.type", f"{said.code}: {said.message}", "", said.hint or ""))
    return found


def _problems(schemas: Schemas, spec: ResourceSpec) -> list[Problem]:
    if _is_module(spec):
        return modules.problems(spec)
    block = schemas.of(native_type(spec.type)).block
    given = {**spec.properties, **spec.native, **spec.initial}
    found = []
    for part, some in (("properties", spec.properties), ("native", spec.native), ("initial", spec.initial)):
        for name, value in some.items():
            found += list(_property_problems(block, name, value, f"{spec.name}.{part}.{name}"))
    for name, attribute in block.attributes.items():
        if attribute.required and name not in given:
            found.append(Problem(f"{spec.name}.properties.{name}", f"{name} is missing", "a value"))
    for name, nested in block.blocks.items():
        if nested.least and name not in given:
            found.append(Problem(f"{spec.name}.properties.{name}", f"block {name} is missing", "a mapping"))
    return found


def _property_problems(block: Block, name: str, value: Any, at: str) -> Iterator[Problem]:
    attribute = block.attributes.get(name)
    if attribute is None and name not in block.blocks:
        known = [n for n, a in block.attributes.items() if a.settable] + list(block.blocks)
        yield Problem(at, f"there is no property {name}", "one of " + ", ".join(sorted(known)))
        return
    if attribute is not None and not attribute.settable:
        yield Problem(at, f"{name} is set by the provider", "no value")
        return
    secret = list(references.secrets(value))
    if attribute is not None and attribute.sensitive:
        if not _is_reference(value):
            hint = "states and plans that people read would show it"
            yield Problem(at, f"{name} is secret", "a whole reference such as ${secret://file/name}", hint)
    elif secret:
        yield Problem(at, f"{name} is shown to whoever reads the resource", "a property that is secret", "")
    try:
        values.compared(block, {name: value})
    except NotCanonical as wrong:
        yield Problem(at, str(wrong), wrong.expected, wrong.hint)


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and len(pieces := references.parts(value)) == 1 and not isinstance(pieces[0], str)


def compile_unit(schemas: Schemas, spec: UnitSpec) -> CompiledUnit:
    """See CloudProvider.compile."""
    if problems := check(schemas, spec.resources):
        raise InvalidUnit(problems)
    made = _Compilation(schemas, spec)
    unit = made.unit()
    if made.problems:
        raise InvalidUnit(made.problems)
    return unit


def address(r: ResourceSpec) -> str:
    """Where a resource is in its configuration."""
    return f"{native_type(r.type)}.{label(r.name)}"


class _Compilation:
    def __init__(self, schemas: Schemas, spec: UnitSpec) -> None:
        self.spec = spec
        self.specs = {r.name: r for r in spec.resources}
        self.schemas: dict[str, ResourceSchema] = {
            r.name: schemas.of(native_type(r.type)) for r in spec.resources if not _is_module(r)
        }
        self.sources = schemas.sources()
        self.inputs: dict[str, str] = {}
        self.secrets: dict[str, str] = {}
        self.problems: list[Problem] = []

    def unit(self) -> CompiledUnit:
        config: dict[str, Any] = {}
        files: dict[str, str] = {}
        for r in self.spec.resources:
            if _is_module(r):
                config.setdefault("module", {})[label(r.name)] = self._module(r)
                given = modules.files(r)
                files |= {f"modules/{label(r.name)}/{path}": text for path, text in given.items()}
                for name in modules.outputs(given):
                    value = f"module.{label(r.name)}.{name}"
                    config.setdefault("output", {})[f"{label(r.name)}--{name}"] = _output(value)
            else:
                own = config.setdefault("resource", {}).setdefault(self.schemas[r.name].type, {})
                own[label(r.name)] = self._resource(r)
        config["terraform"] = required({s.provider: self.sources[s.provider] for s in self.schemas.values()})
        if self.inputs or self.secrets:
            config["variable"] = {name: {"type": "string"} for name in self.inputs.values()}
            config["variable"] |= {n: {"type": "string", "sensitive": True} for n in self.secrets.values()}
        template = {
            "config": config,
            "files": files,
            "addresses": {address(r): r.urn for r in self.spec.resources},
            "retain": sorted(address(r) for r in self.spec.resources if r.retain_on_delete),
        }
        s = self.spec
        return CompiledUnit(
            s.deployment_id, s.unit_id, s.unit_name, s.scope, template, tuple(map(self._compiled, s.resources)),
            dict(sorted(self.inputs.items())), dict(s.tags), dict(sorted(self.secrets.items())),
        )  # fmt: skip

    def _resource(self, r: ResourceSpec) -> dict[str, Any]:
        given = {**r.initial, **r.properties, **r.native}
        entry: dict[str, Any] = expression(given, lambda ref: self._said(ref, r))
        if once := sorted(set(r.initial) - set(r.properties) - set(r.native)):
            entry["lifecycle"] = {"ignore_changes": once}
        return {**entry, **self._after(r)}

    def _module(self, r: ResourceSpec) -> dict[str, Any]:
        variables = expression(r.properties.get("variables", {}), lambda ref: self._said(ref, r))
        return {"source": f"./modules/{label(r.name)}", **variables, **self._after(r)}

    def _after(self, r: ResourceSpec) -> dict[str, Any]:
        needs = sorted(address(self.specs[n]) for n in r.depends_on if n in self.specs and n != r.name)
        return {"depends_on": needs} if needs else {}

    def _said(self, ref: Reference | SecretReference, r: ResourceSpec) -> str:
        if isinstance(ref, SecretReference):
            return f"var.{self.secrets.setdefault(str(ref), variable(str(ref)))}"
        if ref.name not in self.specs:
            return f"var.{self.inputs.setdefault(str(ref), variable(str(ref)))}"
        known = self._attribute_names(ref.name)
        if ref.attribute.partition(".")[0] not in known:
            said = f"{ref.name} has no attribute {ref.attribute}"
            self.problems.append(Problem(f"{r.name}.properties", said, "one of " + ", ".join(sorted(known))))
        return f"{address(self.specs[ref.name])}.{expressions.path(ref.attribute)}"

    def _attribute_names(self, name: str) -> list[str]:
        if _is_module(self.specs[name]):
            return list(modules.outputs(modules.files(self.specs[name])))
        block = self.schemas[name].block
        return [*block.attributes, *block.blocks]

    def _compiled(self, r: ResourceSpec) -> CompiledResource:
        named = {ref.name for some in (r.properties, r.native, r.initial) for ref in references.of(_texts(r, some))}
        needs = tuple(sorted((named | set(r.depends_on)) - {r.name}))
        if _is_module(r):
            wanted = {**modules.desired(modules.files(r)), "variables": dict(r.properties.get("variables", {}))}
            return CompiledResource(r.urn, r.name, r.type, modules.TYPE, address(r), wanted, (), (), needs)
        schema = self.schemas[r.name]
        sets = values.set_paths(schema.block)
        return CompiledResource(r.urn, r.name, r.type, schema.type, address(r), self._desired(r), (), sets, needs)

    def _desired(self, r: ResourceSpec) -> dict[str, Any]:
        block = self.schemas[r.name].block
        given = {**r.properties, **r.native}
        found = values.compared(block, {n: v for n, v in given.items() if self._comparable(block.attributes.get(n), v)})
        # Secrets stand there by reference; they become marks before anybody sees them.
        return found | {n: v for n, v in given.items() if any(True for _ in references.secrets(v))}

    def _comparable(self, attribute: Attribute | None, value: Any) -> bool:
        """Whether a value, once its references are known, is what is read back: those come as texts, and secret ones
        do not come at all."""
        named = list(references.of(value))
        if named and (attribute is None or attribute.type not in _TEXTS):
            return False
        return not any(self._is_secret(ref) for ref in named)

    def _is_secret(self, ref: Reference) -> bool:
        schema = self.schemas.get(ref.name)
        attribute = schema.block.attributes.get(ref.attribute.partition(".")[0]) if schema is not None else None
        return attribute is not None and attribute.sensitive


def _output(expression: str) -> dict[str, Any]:
    """An output that may be secret: only the program knows, and says so beside the value."""
    secret = f"${{issensitive(jsonencode({expression}))}}"
    return {"sensitive": True, "value": {"secret": secret, "value": f"${{{expression}}}"}}


def _is_module(r: ResourceSpec) -> bool:
    return r.type.partition("/")[2] == modules.TYPE


def _texts(r: ResourceSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """What may hold references of ours: not the files of a module, whose `${…}` are the program's."""
    return {n: v for n, v in given.items() if not (_is_module(r) and n == "files")}
