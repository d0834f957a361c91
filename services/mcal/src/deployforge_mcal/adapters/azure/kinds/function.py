"""Function: Microsoft.Web/sites, a function app on Linux, with a consumption plan beside it.

Azure runs the archive from where it lies, as the function's own identity, and finds in it what is to be called. What the
app is told beside that are its settings, which are read by an action of their own: a role that reads only is not enough.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters import environments
from deployforge_mcal.adapters.azure.kinds.base import DESCRIPTION_TAG, TAG_LIMIT, Kind
from deployforge_mcal.adapters.azure.rendering import Expression, said_by
from deployforge_mcal.adapters.bodies import Body, Field, Native, Seed, digest, get, put
from deployforge_mcal.domain.references import has_references
from deployforge_mcal.domain.types.function import FUNCTION

_PLAN: Final = "plan"
_SETTINGS: Final = "/config/appsettings"
_STACK: Final = "properties.siteConfig.linuxFxVersion"
_IDENTITIES: Final = "identity.userAssignedIdentities"
_ROLE: Final = "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID"
_PACKAGE: Final = "WEBSITE_RUN_FROM_PACKAGE"
_TIMEOUT: Final = "AzureFunctionsJobHost__functionTimeout"
_HOST: Final = "AzureFunctionsWebHost__hostid"
#: Settings of Azure's own begin so. Source: Microsoft Learn, "App settings reference for Azure Functions".
_TAKEN: Final = ("azurewebjobs", "azurefunctions", "functions_", "website_", "deployforge_")
_WHERE: Final = re.compile(r"https://([^./]+)\.blob\.core\.windows\.net/objects/(.+)")
_LONGEST_SECONDS: Final = 600
#: Language → what Azure calls it as a stack and as a worker, and how its version is written.
_LANGUAGES: Final = {
    "python": ("PYTHON", "python", r"3\.\d+"), "nodejs": ("NODE", "node", r"\d+"), "java": ("JAVA", "java", r"\d+"),
    "dotnet": ("DOTNET-ISOLATED", "dotnet-isolated", r"\d+"),
}  # fmt: skip
_BACK: Final = {stack: language for language, (stack, _, _) in _LANGUAGES.items()}
_SPLIT: Final = re.compile(r"([a-z]+)(.*)")


class FunctionKind(Kind):
    """Code that runs when it is called."""

    model = FUNCTION
    native_type = "Microsoft.Web/sites"
    attributes = ("id", "name", "address", "host")
    actions = (
        "Microsoft.Web/sites/config/list/action", "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    )  # fmt: skip
    fields: ClassVar[Mapping[str, Field]] = {"tags": Field("tags")}
    respelt: ClassVar[Mapping[str, str]] = {
        "name": "name", "description": f"tags.{DESCRIPTION_TAG}", "runtime": _STACK, "role": _IDENTITIES,
        "code": f"config/appsettings {_PACKAGE}", "timeout": f"config/appsettings {_TIMEOUT}",
        **dict.fromkeys(("environment", "secrets"), "config/appsettings"),
    }  # fmt: skip
    constants: ClassVar[Mapping[str, Body]] = {
        "": {
            "kind": "functionapp,linux",
            "properties": {
                "reserved": True, "httpsOnly": True, "siteConfig": {"minTlsVersion": "1.2", "ftpsState": "Disabled"},
            },
        },
        _PLAN: {"kind": "functionapp", "sku": {"name": "Y1", "tier": "Dynamic"}, "properties": {"reserved": True}},
        _SETTINGS: {"properties": {"FUNCTIONS_EXTENSION_VERSION": "~4"}},
    }  # fmt: skip
    beside: ClassVar[Mapping[str, str]] = {_PLAN: "Microsoft.Web/serverfarms"}

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        language, version = _language(values["runtime"])
        if (
            not has_references(values["runtime"])
            and re.fullmatch(_LANGUAGES.get(language, ("", "", ""))[2], version) is None
        ):
            yield (
                "runtime",
                f"a function of Azure cannot be in {values['runtime']}",
                "python3.12, nodejs22, java21, dotnet8",
            )
        timeout = values.get("timeout")
        if isinstance(timeout, int) and not 0 < timeout <= _LONGEST_SECONDS:
            yield "timeout", "a call cannot take that long", "1s to 10m"
        if len(values.get("description") or "") > TAG_LIMIT:
            yield "description", "it is too long to be noted", f"{TAG_LIMIT} characters at most"
        for where in ("environment", "secrets"):
            for name in values.get(where) or ():
                if name.lower().startswith(_TAKEN):
                    yield where, f"{name} is for Azure or DeployForge to set", "another name"

    def generated(self, seed: Seed) -> str:
        """See Kind: at most 60 letters, digits and hyphens, one in the world."""
        return f"{seed.name[:40]}-{seed.digits(16)}"

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        site, settings = native[""], environments.together(values)
        if values.get("description") is not None:
            site.setdefault("tags", {})[DESCRIPTION_TAG] = values["description"]
        if values.get("runtime") is not None:
            stack, settings["FUNCTIONS_WORKER_RUNTIME"] = _stack(values["runtime"])
            put(site, _STACK, stack)
        if values.get("code") is not None:
            store = values["code"]["store"]
            settings[_PACKAGE] = f"https://{store}.blob.core.windows.net/objects/{values['code']['key']}"
            settings["AzureWebJobsStorage__accountName"] = store
        if (role := values.get("role")) is not None:
            site["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {role: {}}}
            settings |= {_ROLE: role, "AzureWebJobsStorage__credential": "managedidentity"}
            settings["AzureWebJobsStorage__clientId"] = Expression(f"[{said_by(role, 'clientId')}]")
        if (timeout := values.get("timeout")) is not None:
            settings[_TIMEOUT] = f"{timeout // 3600:02}:{timeout // 60 % 60:02}:{timeout % 60:02}"
        native[_SETTINGS] = {"properties": settings}
        return native

    def linked(self, id: str, native: Native) -> Native:
        """See Kind. Apps that share an account are told apart by what they are called there, which Azure would cut."""
        put(native[""], "properties.serverFarmId", self.part_id(id, _PLAN))
        put(native[_SETTINGS], f"properties.{_HOST}", digest(id.lower(), length=32))
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind. Of the environment only what is known to be no secret."""
        values, site = super().from_native(native), native[""]
        settings = get(native.get(_SETTINGS, {}), "properties") or {}
        where = _WHERE.fullmatch(str(settings.get(_PACKAGE)))
        hours, _, rest = str(settings.get(_TIMEOUT, "")).partition(":")
        minutes, _, seconds = rest.partition(":")
        found: dict[str, Any] = {
            "description": (site.get("tags") or {}).get(DESCRIPTION_TAG), "runtime": _runtime(get(site, _STACK)),
            "role": ",".join(sorted(get(site, _IDENTITIES) or ())) or None,
            "code": {"store": where[1], "key": where[2]} if where else settings.get(_PACKAGE),
            "timeout": int(hours) * 3600 + int(minutes) * 60 + int(seconds) if seconds.isdigit() else None,
            "environment": environments.plain(settings),
        }  # fmt: skip
        return {**values, **{name: value for name, value in found.items() if value is not None}}

    def later(self, id: str, values: Mapping[str, Any]) -> Mapping[str, tuple[str, str]]:
        """See Kind."""
        return {"host": (id, "defaultHostName")}

    def live_attributes(self, native: Native) -> dict[str, str]:
        """See Kind."""
        host = get(native[""], "properties.defaultHostName")
        return {"host": str(host)} if host else {}


def _language(runtime: str) -> tuple[str, str]:
    found = _SPLIT.fullmatch(runtime)
    return (found[1], found[2]) if found is not None else (runtime, "")


def _stack(runtime: str) -> tuple[str, str]:
    """What Azure calls a runtime, and the worker for it."""
    language, version = _language(runtime)
    stack, worker, _ = _LANGUAGES.get(language, (language.upper(), language, ""))
    return f"{stack}|{version}{'.0' if language == 'dotnet' else ''}", worker


def _runtime(stack: Any) -> str | None:
    if not stack:
        return None
    name, _, version = str(stack).partition("|")
    language = _BACK.get(name.upper(), name.lower())
    return f"{language}{version.removesuffix('.0') if language == 'dotnet' else version}"
