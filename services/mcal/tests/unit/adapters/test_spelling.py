"""However a declaration is spelt, and whatever order the cloud shows its sets in, nothing is drift; any one value that is
another always is. Of every unified type with all that it has, through the translation of every cloud, compared as mcal and as
the drift detector compare.
"""

import json
from collections.abc import Mapping
from random import Random
from typing import Any, Final

import pytest
from deployforge_chassis.canonical import dumps
from deployforge_drift_detector.domain.compare import agrees, differences
from deployforge_mcal.adapters.aws.kinds import KINDS as AWS
from deployforge_mcal.adapters.azure.kinds import KINDS as AZURE
from deployforge_mcal.adapters.gcp.kinds import KINDS as GCP
from deployforge_mcal.domain.difference import differing, leaves
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.types.declared import normalised
from deployforge_mcal.domain.types.vocabulary import Property, UnifiedType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CLOUDS: Final[Mapping[str, Any]] = {"aws": AWS, "azure": AZURE, "gcp": GCP}
PAIRS: Final = sorted((cloud, name) for cloud, kinds in CLOUDS.items() for name in kinds)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_BYTES: Final = {"": 1, "B": 1, "KiB": 2**10, "Ki": 2**10, "MiB": 2**20, "Mi": 2**20, "GiB": 2**30}
_WORDS: Final = {True: (True, "true", "True", "yes", "on"), False: (False, "false", "False", "no", "off")}
_SETS: Final = frozenset({"Action", "Resource", "Statement"})


def respelt(prop: Property, value: Any, random: Random) -> Any:
    """A normalised value of a property as somebody else would write it."""
    match prop.json_type:
        case "duration":
            return _in_units(value, _SECONDS, random)
        case "size":
            return _in_units(value, _BYTES, random)
        case "boolean":
            return random.choice(_WORDS[value])
        case "integer":
            return random.choice((value, str(value), float(value)))
        case "array" if prop.is_set:
            return random.sample(items := [*(_policies(one, random) for one in value), *value[:1]], len(items))
    if prop.name == "tags":
        pairs = [{"Key": key, "Value": said} for key, said in value.items()]
        return random.choice((value, random.sample(pairs, len(pairs))))
    return _policies(value, random)


def _in_units(value: int, units: Mapping[str, int], random: Random) -> Any:
    unit = random.choice([unit for unit, of in units.items() if value % of == 0])
    return random.choice((value, str(value), f"{value // units[unit]}{random.choice(('', ' '))}{unit}"))


def _policies(value: Any, random: Random) -> Any:
    """The same with the sets of policies in another order, one item for a list of it, or the whole as text."""
    if isinstance(value, Mapping):
        found = {key: _policies(value[key], random) for key in random.sample(sorted(value), len(value))}
        for key in _SETS & found.keys():
            if isinstance(found[key], list):
                items = random.sample(found[key], len(found[key]))
                found[key] = items[0] if len(items) == 1 and random.random() < 0.5 else items
        return json.dumps(found) if "Statement" in found and random.random() < 0.5 else found
    return [_policies(one, random) for one in value] if isinstance(value, list) else value


def compared(type: UnifiedType, desired: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """The paths that differ; both services must say the same."""
    sets = [p.name for p in type.properties if p.is_set]
    one, other = (json.loads(dumps(dict(values))) for values in (desired, found))
    told = differing(one, other, sets)
    assert [difference.path for difference in differences(one, other, sets)] == sorted(told)
    assert agrees(one, other, sets) == (not told)
    return told


def declared(type: UnifiedType, cloud: str, sample: Mapping[str, Any]) -> dict[str, Any]:
    """What of a sample a cloud supports and shows, normalised."""
    shown = {p.name: p for p in type.mapped(cloud) if not p.secret}
    values, problems = normalised(type, cloud, {k: v for k, v in sample.items() if k in shown}, whole=False)
    assert problems == []
    # What means nothing beside the others is not compared.
    idle = CLOUDS[cloud][type.name].meaningless(values) if cloud == "gcp" else ()
    return {name: value for name, value in values.items() if name not in idle}


@pytest.mark.parametrize(("cloud", "name"), PAIRS)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random=st.randoms(use_true_random=False))
def test_no_spelling_and_no_order_is_drift(samples: Any, cloud: str, name: str, random: Random) -> None:
    type, kind = TYPES[name], CLOUDS[cloud][name]
    by_name = {p.name: p for p in type.properties}
    for sample in samples.SAMPLES[name]:
        desired = declared(type, cloud, sample)
        spelt = {key: respelt(by_name[key], desired[key], random) for key in random.sample(sorted(desired), len(desired))}
        again, problems = normalised(type, cloud, spelt, whole=False)
        assert (problems, again) == ([], desired)
        found = dict(kind.from_native(kind.to_native(again)))
        for key, value in found.items():
            if key in by_name and by_name[key].is_set:
                found[key] = random.sample(value, len(value))
        assert compared(type, desired, found) == []


@pytest.mark.parametrize(("cloud", "name"), PAIRS)
def test_any_one_value_that_is_another_is_drift(samples: Any, cloud: str, name: str) -> None:
    type, kind = TYPES[name], CLOUDS[cloud][name]
    for sample in samples.SAMPLES[name]:
        desired = declared(type, cloud, sample)
        found = kind.from_native(kind.to_native(desired))
        for path, value in leaves(desired):
            assert compared(type, desired, _with(found, path.split("."), another(value))) == [path]
            assert compared(type, desired, _with(found, path.split("."), None)) == [path]


def another(value: Any) -> Any:
    """A value of the same type that is not the same; of a list the shortest change, one item less or more."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case list():
            return value[:-1] if len(value) > 1 else [*value, "another"]
    return f"{value}x"


def _with(values: Mapping[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    head, *rest = path
    return {**values, head: _with(values[head], rest, value) if rest else value}
