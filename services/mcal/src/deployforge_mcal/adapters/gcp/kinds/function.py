"""Function: a Cloud Run function (second generation of Cloud Functions), from an archive in a bucket."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.bodies import Field, Native, get, put
from deployforge_mcal.adapters.gcp.kinds.base import Kind
from deployforge_mcal.domain.types.function import FUNCTION

_DIGITS: Final = re.compile(r"([a-z]+)([0-9]+)")
#: Languages whose versions have a dot after the first digit.
_DOTTED: Final = frozenset({"python", "go", "ruby"})
#: Language → the module in which Google looks for what is called.
_MODULES: Final = {"python": "main", "nodejs": "index"}
_MEMORY: Final = re.compile(r"([0-9]+)(Mi|Gi|M|G)B?")
_UNITS: Final = {"Mi": 2**20, "M": 2**20, "Gi": 2**30, "G": 2**30}
_SOURCE: Final = "buildConfig.source.storageSource"
_ENTRY: Final = "buildConfig.entryPoint"


def _runtime(there: Any) -> Any:
    matched = _DIGITS.fullmatch(str(there))
    if matched is None or matched[1] not in _DOTTED:
        return there
    return f"{matched[1]}{matched[2][0]}.{matched[2][1:]}"


def _bytes(there: Any) -> Any:
    matched = _MEMORY.fullmatch(str(there))
    return there if matched is None else int(matched[1]) * _UNITS[matched[2]]


class FunctionKind(Kind):
    """Code that runs when it is called."""

    model = FUNCTION
    google = "google_cloudfunctions2_function"
    longest = 60
    listed = True
    fields: ClassVar[Mapping[str, Field]] = {
        "description": Field("description"),
        "runtime": Field("buildConfig.runtime", lambda v: str(v).replace(".", ""), _runtime),
        "role": Field("serviceConfig.serviceAccountEmail"),
        "memory": Field("serviceConfig.availableMemory", lambda v: f"{v // 2**20}Mi" if isinstance(v, int) else v, _bytes),
        "timeout": Field("serviceConfig.timeoutSeconds"),
        "environment": Field("serviceConfig.environmentVariables"),
        "tags": Field("labels"),
    }
    respelt: ClassVar[Mapping[str, str]] = {"name": "name", "handler": _ENTRY, "code": _SOURCE}

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        if values.get("code") is not None:
            put(native[""], _SOURCE, {"bucket": values["code"]["store"], "object": values["code"]["key"]})
        if values.get("handler") is not None:
            put(native[""], _ENTRY, str(values["handler"]).removeprefix(_before(values.get("runtime"))))
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values, body = super().from_native(native), native[""]
        entry = str(get(body, _ENTRY) or "")
        values["handler"] = entry if "." in entry else f"{_before(values.get('runtime'))}{entry}"
        source = get(body, _SOURCE) or {}
        values["code"] = {"store": source.get("bucket"), "key": source.get("object")}
        return values


def _before(runtime: Any) -> str:
    language = re.match(r"[a-z]*", str(runtime or ""))
    module = _MODULES.get(language[0]) if language is not None else None
    return f"{module}." if module else ""
