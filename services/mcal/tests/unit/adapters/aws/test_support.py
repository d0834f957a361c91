"""What the support tables claim of AWS is what its kinds do."""

from typing import Any

from deployforge_mcal.adapters.aws.kinds import KINDS
from deployforge_mcal.adapters.aws.kinds.base import PROVIDER
from deployforge_mcal.adapters.aws.provider import AwsProvider
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.types.declared import disagreements
from deployforge_mcal.domain.types.vocabulary import Level


def test_every_property_that_is_claimed_is_mapped_both_ways(samples: Any) -> None:
    mapped = {name: samples.mapping(name, PROVIDER, k.to_native, k.from_native) for name, k in KINDS.items()}
    assert disagreements(TYPES.values(), PROVIDER, mapped) == []


def test_the_adapter_has_the_types_that_are_claimed_and_tells_their_level() -> None:
    claimed = {
        name: {PROVIDER: t.on(PROVIDER).level} for name, t in TYPES.items() if t.on(PROVIDER).level is not Level.NONE
    }
    assert {doc.type: doc.support for doc in AwsProvider().types()} == claimed


def test_references_can_name_what_the_model_says() -> None:
    for doc in AwsProvider().types():
        assert set(TYPES[doc.type].attributes) <= set(doc.attributes), doc.type


def test_every_mapped_property_is_one_of_the_native_type() -> None:
    for kind in KINDS.values():
        assert set(kind.natives.values()) <= set(kind.schema.properties), kind.native_type
        assert kind.respelt <= kind.natives.keys()
