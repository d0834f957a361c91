"""What the support tables claim of Azure is what its kinds do."""

from deployforge_mcal.adapters.azure.kinds import KINDS
from deployforge_mcal.adapters.azure.placing import PROVIDER
from deployforge_mcal.adapters.azure.provider import AzureProvider
from deployforge_mcal.adapters.azure.versions import PINNED
from deployforge_mcal.domain.types import TYPES


def test_what_is_mapped_is_told_with_where_azure_holds_it() -> None:
    for doc in AzureProvider().types():
        told = {p.name for p in doc.properties if p.native.get(PROVIDER)}
        assert told == {p.name for p in TYPES[doc.type].mapped(PROVIDER)}, doc.type
        assert doc.native_types == {PROVIDER: KINDS[doc.type].native_type}


def test_references_can_name_what_the_model_says() -> None:
    for name, kind in KINDS.items():
        id = f"/subscriptions/s/resourceGroups/g/providers/{kind.native_type.split('/')[0]}"
        id += "".join(f"/{t}/n" for t in kind.native_type.split("/")[1:])
        assert set(TYPES[name].attributes) <= set(kind.attributes), name
        assert set(kind.attributes) <= {*kind.attribute_values(id), *kind.later(id, {})}, name


def test_every_property_says_where_azure_holds_it_and_every_version_is_pinned() -> None:
    for name, kind in KINDS.items():
        assert {p.name for p in TYPES[name].mapped(PROVIDER)} == {*kind.fields, *kind.respelt}, name
        assert kind.native_type in PINNED
        assert {
            "/".join((kind.native_type, *part.split("/")[1::2])) for part in kind.constants if part.startswith("/")
        } <= PINNED.keys()
        assert {*kind.beside.values()} <= PINNED.keys()
