"""What the support tables claim of AWS is what its kinds do."""

from deployforge_mcal.adapters.aws.kinds import KINDS
from deployforge_mcal.adapters.aws.provider import AwsProvider
from deployforge_mcal.domain.types import TYPES


def test_references_can_name_what_the_model_says() -> None:
    for doc in AwsProvider().types():
        assert set(TYPES[doc.type].attributes) <= set(doc.attributes), doc.type


def test_every_mapped_property_is_one_of_the_native_type() -> None:
    for kind in KINDS.values():
        assert set(kind.natives.values()) <= set(kind.schema.properties), kind.native_type
        assert kind.respelt <= kind.natives.keys()
