"""What the support tables claim of a cloud is what the kinds of its adapter do."""

from typing import Any

import pytest
from deployforge_mcal.adapters.aws.kinds import KINDS as AWS
from deployforge_mcal.adapters.aws.provider import AwsProvider
from deployforge_mcal.adapters.azure.kinds import KINDS as AZURE
from deployforge_mcal.adapters.azure.provider import AzureProvider
from deployforge_mcal.adapters.gcp.kinds import KINDS as GCP
from deployforge_mcal.adapters.gcp.provider import GcpProvider
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.types.declared import disagreements
from deployforge_mcal.domain.types.vocabulary import Level

each_cloud = pytest.mark.parametrize(
    ("provider", "kinds"),
    [(AwsProvider(), AWS), (AzureProvider(), AZURE), (GcpProvider(), GCP)],
    ids=["aws", "azure", "gcp"],
)


@each_cloud
def test_every_property_that_is_claimed_is_mapped_both_ways(provider: Any, kinds: Any, samples: Any) -> None:
    mapped = {name: samples.mapping(name, provider.type, k.to_native, k.from_native) for name, k in kinds.items()}
    assert disagreements(TYPES.values(), provider.type, mapped) == []


@each_cloud
def test_the_adapter_has_the_types_that_are_claimed_and_tells_their_level(provider: Any, kinds: Any) -> None:
    levels = {name: t.on(provider.type).level for name, t in TYPES.items()}
    claimed = {name: {provider.type: level} for name, level in levels.items() if level is not Level.NONE}
    assert {doc.type: doc.support for doc in provider.types()} == claimed
    assert claimed.keys() <= kinds.keys()
