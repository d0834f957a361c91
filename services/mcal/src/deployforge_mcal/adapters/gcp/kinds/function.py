"""Function: a Cloud Run function (second generation of Cloud Functions), from an archive in a bucket.

Each of its secrets is a secret of Secret Manager that its account alone may read. The values go past Terraform, as
versions of these; then the function is told which versions, and starts with them. That list is not Terraform's.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from deployforge_mcal.adapters.bodies import Body, Field, Native, get, put
from deployforge_mcal.adapters.gcp.kinds.base import Kind, Source
from deployforge_mcal.adapters.gcp.kinds.secret import add_version
from deployforge_mcal.adapters.gcp.natives import GOOGLE, GoogleType
from deployforge_mcal.adapters.gcp.placing import project_of, relative, short
from deployforge_mcal.domain.types.function import FUNCTION

if TYPE_CHECKING:
    from deployforge_mcal.adapters.gcp.session import GcpSession

_DIGITS: Final = re.compile(r"([a-z]+)([0-9]+)")
#: Languages whose versions have a dot after the first digit.
_DOTTED: Final = frozenset({"python", "go", "ruby"})
#: Language → the module in which Google looks for what is called.
_MODULES: Final = {"python": "main", "nodejs": "index"}
_MEMORY: Final = re.compile(r"([0-9]+)(Mi|Gi|M|G)B?")
_UNITS: Final = {"Mi": 2**20, "M": 2**20, "Gi": 2**30, "G": 2**30}
_SOURCE: Final = "buildConfig.source.storageSource"
_ENTRY: Final = "buildConfig.entryPoint"
_VALUES: Final = "values"
_SECRET, _ACCESS = "secret:", "access:"
_VARIABLES: Final = "serviceConfig.secretEnvironmentVariables"
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_READER: Final = "roles/secretmanager.secretAccessor"


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
    others: ClassVar[Mapping[str, str]] = {
        _SECRET: "google_secret_manager_secret", _ACCESS: "google_secret_manager_secret_iam_member",
    }  # fmt: skip
    longest = 60
    listed = True
    direct: ClassVar[frozenset[str]] = frozenset({_VALUES})
    fields: ClassVar[Mapping[str, Field]] = {
        "description": Field("description"),
        "runtime": Field("buildConfig.runtime", lambda v: str(v).replace(".", ""), _runtime),
        "role": Field("serviceConfig.serviceAccountEmail"),
        "memory": Field("serviceConfig.availableMemory", lambda v: f"{v // 2**20}Mi" if isinstance(v, int) else v, _bytes),
        "timeout": Field("serviceConfig.timeoutSeconds"),
        "environment": Field("serviceConfig.environmentVariables"),
        "tags": Field("labels"),
    }
    respelt: ClassVar[Mapping[str, str]] = {"name": "name", "handler": _ENTRY, "code": _SOURCE, "secrets": _VARIABLES}

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        yield from super().problems(values)
        for name in values.get("secrets") or ():
            if _VARIABLE.fullmatch(name) is None:
                yield "secrets", f"{name} is no name of a variable", "letters, digits and _, not a digit first"

    def placed(self, id: str, part: str) -> tuple[GoogleType, str]:
        """See Kind."""
        if not part:
            return self.of, id
        word, _, variable = part.partition(":")
        secret = f"//secretmanager.googleapis.com/projects/{project_of(id)}/secrets/{_secret(id, variable)}"
        of = GOOGLE[self.others[f"{word}:"]]
        return of, f"{secret}:getIamPolicy" if part.startswith(_ACCESS) else secret

    def before(self, part: str, parts: Iterable[str]) -> list[str]:
        """See Kind: a new account of the function may read its secrets before the function runs as that."""
        if not part:
            return [one for one in parts if one]
        return [part.replace(_ACCESS, _SECRET)] if part.startswith(_ACCESS) else []

    def left_alone(self, part: str, native: Native) -> tuple[str, ...]:
        """See Kind."""
        return ("service_config[0].secret_environment_variables",) if not part and _VALUES in native else ()

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        if values.get("code") is not None:
            put(native[""], _SOURCE, {"bucket": values["code"]["store"], "object": values["code"]["key"]})
        if values.get("handler") is not None:
            put(native[""], _ENTRY, str(values["handler"]).removeprefix(_before(values.get("runtime"))))
        if secrets := values.get("secrets"):
            native[_VALUES] = dict(secrets)
            for name in secrets:
                native[f"{_SECRET}{name}"] = {"replication": {"automatic": {}}}
                native[f"{_ACCESS}{name}"] = {"role": _READER, "member": f"serviceAccount:{values.get('role')}"}
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values, body = super().from_native(native), native[""]
        entry = str(get(body, _ENTRY) or "")
        values["handler"] = entry if "." in entry else f"{_before(values.get('runtime'))}{entry}"
        source = get(body, _SOURCE) or {}
        values["code"] = {"store": source.get("bucket"), "key": source.get("object")}
        return values

    def read(self, source: Source, id: str) -> Native | None:
        """See Kind: without one of its secrets a function cannot start."""
        found = super().read(source, id)
        for name in _own(id, found[""]) if found is not None else ():
            if source.get(self.placed(id, f"{_SECRET}{name}")[1]) is None:
                return None
        return found

    def holds(self, id: str, native: Native, wanted: Native) -> bool:
        """See Kind."""
        return _own(id, native[""]).keys() == wanted.get(_VALUES, {}).keys()

    def release(self, session: "GcpSession", id: str, native: Native, wanted: Native) -> bool:
        """See Kind: of secrets that Terraform is going to delete."""
        gone = _own(id, native[""]).keys() - wanted.get(_VALUES, {}).keys()
        if gone:
            told = get(native[""], _VARIABLES)
            _tell(session, id, [one for one in told if one["key"] not in gone])
        return bool(gone)

    def settle(self, session: "GcpSession", id: str, native: Native) -> None:
        """See Kind: a version of each secret, and which ones the function starts with."""
        body = session.get(id) or {}
        mine = {*_own(id, body), *native[_VALUES]}
        told = [one for one in get(body, _VARIABLES) or () if one["key"] not in mine]
        for name, value in sorted(native[_VALUES].items()):
            secret = self.placed(id, f"{_SECRET}{name}")[1]
            version = add_version(session, secret, str(value))
            told.append({"key": name, "projectId": project_of(id), "secret": short(secret), "version": version})
        _tell(session, id, told)


def _secret(id: str, variable: str) -> str:
    """The secret that a variable is from: functions of one name may be in many regions, secrets are in none."""
    return f"{short(id)}-{relative(id).split('/')[3]}-{variable}"


def _own(id: str, body: Body) -> dict[str, Body]:
    """The variables from secrets of ours that a function has."""
    return {str(v["key"]): v for v in get(body, _VARIABLES) or () if v.get("secret") == _secret(id, str(v["key"]))}


def _tell(session: "GcpSession", id: str, variables: list[Body]) -> None:
    body: Body = {}
    put(body, _VARIABLES, variables)
    answer = session.call("PATCH", session.url(id), body, params={"updateMask": _VARIABLES})
    session.finish(session.url(id), answer.json())


def _before(runtime: Any) -> str:
    language = re.match(r"[a-z]*", str(runtime or ""))
    module = _MODULES.get(language[0]) if language is not None else None
    return f"{module}." if module else ""
