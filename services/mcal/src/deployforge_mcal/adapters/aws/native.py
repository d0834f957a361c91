"""Native types without a kind of their own, read and corrected through Cloud Control.

An emulator's Cloud Control does not know what its CloudFormation made, so there "not found" proves nothing and the
answer is that the resource was not checked.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from deployforge_mcal.adapters.aws.errors import is_missing
from deployforge_mcal.adapters.aws.kinds.base import own_tags
from deployforge_mcal.adapters.aws.models import Model
from deployforge_mcal.adapters.aws.session import AwsSession, Unreadable
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.operation import Failure


def read(session: AwsSession, model: Model, ids: Sequence[str]) -> dict[str, Any]:
    """id → native values, None when missing, Unreadable otherwise."""
    return {id: _unproved(session, model, found) for id, found in session.each(ids, _reader(session, model)).items()}


def _reader(session: AwsSession, model: Model) -> Any:
    def one(id: str) -> dict[str, Any]:
        got = session.call("cloudcontrol", "get_resource", TypeName=model.native_type, Identifier=id)
        found: dict[str, Any] = json.loads(got["ResourceDescription"]["Properties"])
        tag = model.schema.tag_property
        if tag in found and model.schema.tags_are_list:
            found[tag] = own_tags(found[tag])
        return found

    return one


def _unproved(session: AwsSession, model: Model, found: Any) -> Any:
    if found is None and session.endpoint:
        return Unreadable(f"{model.native_type} cannot be read here: this cloud has no reader for it")
    return found


def write(session: AwsSession, model: Model, id: str, native: Mapping[str, Any]) -> None:
    """Put native properties back. Raises ProviderFailure where Cloud Control cannot."""
    tag = model.schema.tag_property
    patch = [
        {"op": "add", "path": f"/{name}", "value": _tags(value) if name == tag and isinstance(value, Mapping) else value}
        for name, value in native.items()
    ]
    try:
        session.call(
            "cloudcontrol", "update_resource", TypeName=model.native_type, Identifier=id, PatchDocument=json.dumps(patch)
        )  # fmt: skip
    except Exception as error:
        if is_missing(error) and session.endpoint:
            said = f"{model.native_type} cannot be corrected here: this cloud has no writer for it"
            raise ProviderFailure(Failure("UNSUPPORTED", said, "change the manifest and apply")) from error
        raise


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": k, "Value": v} for k, v in sorted(tags.items())]
