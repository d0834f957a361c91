"""What the support tables claim of AWS is what its kinds do."""

from deployforge_mcal.adapters.aws.kinds import KINDS, table
from deployforge_mcal.adapters.aws.models import model
from deployforge_mcal.adapters.aws.provider import AwsProvider
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.units import ResourceSpec


def test_references_can_name_what_the_model_says() -> None:
    for doc in AwsProvider().types():
        assert set(TYPES[doc.type].attributes) <= set(doc.attributes), doc.type


def test_every_mapped_property_is_one_of_the_native_type() -> None:
    for kind in KINDS.values():
        assert set(kind.natives.values()) <= set(kind.schema.properties), kind.native_type
        assert kind.respelt <= kind.natives.keys()


def test_what_aws_never_shows_is_set_and_not_compared() -> None:
    function = model("aws/AWS::Lambda::Function")
    inline = ResourceSpec("u", "f", function.type, {"Handler": "i.h", "Code": {"ZipFile": "exports.h = 1"}})
    assert function.desired(inline) == {"Handler": "i.h"}
    assert function.template_properties(inline)["Code"] == {"ZipFile": "exports.h = 1"}
    stored = ResourceSpec("u", "f", function.type, {"Code": {"S3Bucket": "b", "S3Key": "k", "S3ObjectVersion": "1"}})
    assert function.desired(stored) == {"Code": {"S3Bucket": "b", "S3Key": "k"}}, "which a tag tells"
    secret = ResourceSpec("u", "u", "aws/AWS::IAM::User", {"LoginProfile": {"Password": "${secret://file/p}"}})
    assert model(secret.type).desired(secret) == {"LoginProfile": {"Password": "${secret://file/p}"}}


def test_an_index_is_read_as_it_is_declared() -> None:
    told = {
        "IndexName": "by-day", "IndexStatus": "ACTIVE", "ItemCount": 4, "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
    }  # fmt: skip
    declared = {name: told[name] for name in ("IndexName", "KeySchema", "Projection")}
    assert table.index(told) == declared
    paid = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 1}
    assert table.index({**told, "ProvisionedThroughput": paid}) == {**declared, "ProvisionedThroughput": paid}
