"""A recording of the real Azure, replayed: what it answered, the emulator must answer in kind.

The recording (`arm/golden/arm_deployments_recorded.json` of the contracts) is one availability set's deployment,
condensed. Compared are status, the names of headers, and every name and fixed word of the bodies; ids, hashes, times and
durations are each cloud's own. Two things differ knowingly and are listed in `KNOWN`.
"""

import json
import re
from pathlib import Path
from typing import Any, Final

from tests.emulators.arm.running import SUBSCRIPTION, Running

_TEMPLATE: Final = {
    "$schema": "https://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"location": {"type": "string", "allowedValues": ["West US"]}},
    "resources": [
        {
            "type": "Microsoft.Compute/availabilitySets", "name": "availabilitySet1", "apiVersion": "2019-07-01",
            "location": "[parameters('location')]", "properties": {"platformUpdateDomainCount": 5, "platformFaultDomainCount": 3},
        }
    ],
    "outputs": {"myparameter": {"type": "object", "value": "[reference('Microsoft.Compute/availabilitySets/availabilitySet1')]"}},
}  # fmt: skip
#: What the recording has and Microsoft's own contract does not allow, and what is spelt by whoever asks.
KNOWN: Final = frozenset({"trackingId", "provisioningState.outputs"})
_OWN: Final = re.compile(
    r"templateHash|duration|correlationId|operationId|id|message|locations|.*lineNumber|.*linePosition|path|location"
)


def replay(arm: Running, recording: Path) -> list[str]:
    """Differences, in words; empty when there are none."""
    found: list[str] = []
    group = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/golden"
    arm.rest("PUT", group, body={"location": "westus"})
    token = arm.token()
    asked: list[tuple[str, str, Any]] = []
    place = f"{group}/providers/Microsoft.Resources/deployments/d"
    whole = {"properties": {"mode": "Incremental", "template": _TEMPLATE, "parameters": {"location": {"value": "West US"}}}}
    lacking = {"properties": {"mode": "Incremental", "template": _TEMPLATE, "parameters": {}}}
    for number, one in enumerate(json.loads(recording.read_text())["interactions"]):
        method, path = one["method"], one["path"]
        if "operationStatuses" in path or "operationresults" in path:
            status, headers, body = _final(arm, asked[-1][1], token)
        else:
            if path.endswith("/operations"):
                url, content = f"{group}/deployments/d/operations", None
            else:
                url = place + ("/whatIf" if path.endswith("/whatIf") else "")
                content = lacking if path.endswith("/whatIf") else whole if method == "PUT" else None
            status, headers, body = arm.exchange(method, f"{url}?api-version=2021-04-01", content, token)
        link = headers.get("azure-asyncoperation") or headers.get("location")
        if link:
            asked.append((method, link, content))
        where = f"{number} {method} {path}"
        if status != one["status"]:
            found.append(f"{where}: status {status}, recorded {one['status']}")
        found += [f"{where}: header {name} is missing" for name in one.get("headers", {}) if name.lower() not in headers]
        wanted = one.get("body") or ({"value": [one["item"]]} if "item" in one else None)
        found += [f"{where}: {said}" for said in _differences(wanted, body, "")]
    return found


def _final(arm: Running, link: str, token: str) -> tuple[int, dict[str, str], Any]:
    arm.control("clock", {"seconds": 60})
    return arm.exchange("GET", link.removeprefix(arm.url), None, token)


def _differences(wanted: Any, got: Any, at: str) -> list[str]:
    if isinstance(wanted, dict):
        if not isinstance(got, dict):
            return [f"{at} is {got!r}, recorded an object"]
        found = [f"{at}.{name} is missing" for name in wanted if name not in got and name not in KNOWN]
        return found + [
            d for name, value in wanted.items() if name in got for d in _differences(value, got[name], f"{at}.{name}")
        ]
    if isinstance(wanted, list):
        if not isinstance(got, list) or len(got) < len(wanted):
            return [f"{at} has not {len(wanted)} items: {got!r}"]
        return [d for i, value in enumerate(wanted) for d in _differences(value, got[i], f"{at}[{i}]")]
    if wanted is not None and not _OWN.fullmatch(at.rpartition(".")[2].partition("[")[0]) and wanted != got:
        return [f"{at} is {got!r}, recorded {wanted!r}"]
    return []
