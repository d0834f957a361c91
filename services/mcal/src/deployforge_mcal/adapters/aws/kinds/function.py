"""Function: AWS::Lambda::Function.

Where the code came from AWS does not tell, so a tag notes it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters import environments
from deployforge_mcal.adapters.aws.kinds.base import Kind, arn, own_tags, put, tag_changes
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.types.function import FUNCTION, runtime
from deployforge_mcal.domain.units import Scope

CODE_TAG: Final = "deployforge:code"
_MEBIBYTE: Final = 2**20
_SETTINGS: Final = ("Description", "Runtime", "Handler", "Role", "MemorySize", "Timeout", "Environment")
#: Said when a function is made, and never again.
_FIXED: Final = ("PackageType", "Architectures")


class FunctionKind(Kind):
    """Code that runs when it is called."""

    model = FUNCTION
    native_type = "AWS::Lambda::Function"
    name_property = "FunctionName"
    natives: ClassVar[Mapping[str, str]] = {
        "name": "FunctionName", "description": "Description", "runtime": "Runtime", "handler": "Handler", "code": "Code",
        "role": "Role", "memory": "MemorySize", "timeout": "Timeout", "environment": "Environment",
        "secrets": "Environment", "tags": "Tags",
    }  # fmt: skip
    told_otherwise = frozenset({"Code.S3Bucket", "Code.S3Key"})
    respelt = frozenset({"runtime", "code", "memory", "environment", "secrets"})
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "name": {"Ref": ""},
        "arn": {"Fn::GetAtt": ["", "Arn"]},
    }

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        native = super().to_native(values)
        put(values, "runtime", native, "Runtime", lambda word: f"{word}.x" if word.startswith("nodejs") else word)
        put(values, "memory", native, "MemorySize", lambda size: size // _MEBIBYTE)
        put(values, "code", native, "Code", lambda code: {"S3Bucket": code["store"], "S3Key": code["key"]})
        if "environment" in values or "secrets" in values:
            native["Environment"] = {"Variables": environments.together(values)}
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind. Of the environment only what is known to be no secret."""
        values = super().from_native(native)
        put(native, "Runtime", values, "runtime", runtime)
        put(native, "MemorySize", values, "memory", lambda size: int(size) * _MEBIBYTE)
        if "S3Bucket" in native.get("Code", {}):
            values["code"] = {"store": native["Code"]["S3Bucket"], "key": native["Code"]["S3Key"]}
        if (plain := environments.plain(native.get("Environment", {}).get("Variables", {}))) is not None:
            values["environment"] = plain
        return values

    def system_tags(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        code = native.get("Code", {})
        return {CODE_TAG: f"{code['S3Bucket']}/{code['S3Key']}"} if "S3Bucket" in code else {}

    def statements(self, native: Mapping[str, Any], at: Mapping[str, str]) -> list[dict[str, Any]]:
        """See Kind: handing the role to the function, and fetching its archive."""
        passing = {
            "Effect": "Allow", "Action": ["iam:PassRole"], "Resource": ["arn:{p}:iam::{a}:role/*".format(**at)],
            "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        }  # fmt: skip
        code = native.get("Code", {})
        if not isinstance(code.get("S3Key"), str):
            return [passing]
        # The bucket may be one that the stack is yet to make.
        bucket = code["S3Bucket"] if isinstance(code["S3Bucket"], str) else "*"
        archive = f"arn:{at['p']}:s3:::{bucket}/{code['S3Key']}"
        return [passing, {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [archive]}]

    def read_one(self, session: AwsSession, id: str) -> dict[str, Any] | None:
        """See Kind."""
        got = session.call("lambda", "get_function", FunctionName=id)
        settings, tags = got["Configuration"], got.get("Tags", {})
        native: dict[str, Any] = {"FunctionName": id, "Arn": settings["FunctionArn"], "Tags": own_tags(tags)}
        for name in (*_SETTINGS, *_FIXED):
            put(settings, name, native, name)
        native["Environment"] = {"Variables": dict(settings.get("Environment", {}).get("Variables", {}))}
        bucket, slash, key = tags.get(CODE_TAG, "").partition("/")
        if slash:
            native["Code"] = {"S3Bucket": bucket, "S3Key": key}
        return native

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind. Each change waits until the function is ready for the next one."""
        tags = tag_changes(native.get("Tags", {}), live.get("Tags", {}))
        if "Code" in native:
            session.call("lambda", "update_function_code", FunctionName=id, **native["Code"])
            _wait(session, id)
            tags |= self.system_tags(native)
        if changed := {name: native[name] for name in _SETTINGS if name in native}:
            session.call("lambda", "update_function_configuration", FunctionName=id, **changed)
            _wait(session, id)
        if tags:
            session.call("lambda", "tag_resource", Resource=live["Arn"], Tags=tags)

    def create(self, session: AwsSession, name: str, native: Mapping[str, Any]) -> str:
        """See Kind."""
        given = {key: native[key] for key in (*_SETTINGS, *_FIXED, "Code") if key in native}
        tags = {**native.get("Tags", {}), **self.system_tags(native)}
        session.call("lambda", "create_function", FunctionName=name, Tags=tags, **given)
        session.client("lambda").get_waiter("function_active_v2").wait(FunctionName=name)
        return name

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "name": id, "arn": arn("lambda", scope, f"function:{id}")}


def _wait(session: AwsSession, id: str) -> None:
    waiter = session.client("lambda").get_waiter("function_updated_v2")
    waiter.wait(FunctionName=id, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
