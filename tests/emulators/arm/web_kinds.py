"""Microsoft.Web: plans, apps and their settings."""

from typing import Final

from tests.emulators.arm.ids import ArmId
from tests.emulators.arm.kinds import Finder, Kind, Properties, bad, names

_VERSIONS: Final = ("2022-09-01", "2023-12-01")
_STACKS: Final = ("PYTHON", "NODE", "JAVA", "DOTNET", "DOTNET-ISOLATED", "POWERSHELL", "DOCKER")


def _site(id: ArmId, properties: Properties, find: Finder) -> None:
    plan = properties.get("serverFarmId")
    if plan and find(str(plan)) is None:
        raise bad(id, f"Cannot find ServerFarm with name {plan}.", "NotFound", 404)
    stack = (properties.get("siteConfig") or {}).get("linuxFxVersion")
    if stack and str(stack).partition("|")[0].upper() not in _STACKS:
        raise bad(id, f"The parameter LinuxFxVersion has an invalid value {stack}.", "BadRequest")


def _site_state(id: ArmId, properties: Properties, location: str) -> Properties:
    """Of its configuration an app shows a few things; the rest is told by `config/web`."""
    given = properties.get("siteConfig") or {}
    shown = {"numberOfWorkers": 1, "linuxFxVersion": given.get("linuxFxVersion", ""), "alwaysOn": False}
    return {"defaultHostName": f"{id.name}.azurewebsites.net", "state": "Running", "enabled": True, "siteConfig": shown}


def _settings(id: ArmId, properties: Properties, find: Finder) -> None:
    if find(str(id.parent)) is None:
        said = f"Can not perform requested operation on nested resource. Parent resource '{id.names[0]}' not found."
        raise bad(id, said, "ParentResourceNotFound", 404)
    wrong = [name for name, value in properties.items() if not isinstance(value, str)]
    if wrong:
        raise bad(id, f"The setting {', '.join(wrong)} of '{id.names[0]}' is not a text", "BadRequest")


KINDS: Final = (
    Kind("Microsoft.Web/serverfarms", _VERSIONS),
    Kind("Microsoft.Web/sites", _VERSIONS, names(r"[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]"), global_name=True, check=_site,
         computed=_site_state),
    Kind("Microsoft.Web/sites/config", _VERSIONS, names("appsettings"), tracked=False, check=_settings, deletable=False, listed=True),
)  # fmt: skip
