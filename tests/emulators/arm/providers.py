"""What the subscription says of a resource provider: its types and their api-versions."""

from typing import Any

from tests.emulators.arm.resources import KINDS, LOCATIONS


def provider(subscription: str, namespace: str) -> dict[str, Any]:
    """As it is shown."""
    mine = [k for k in KINDS.values() if k.type.partition("/")[0] == namespace]
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}", "namespace": namespace, "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [
            {
                "resourceType": k.type.partition("/")[2], "locations": list(LOCATIONS), "apiVersions": sorted(k.versions, reverse=True),
                "defaultApiVersion": max(k.versions), "capabilities": "SupportsTags, SupportsLocation" if k.tracked else "None",
            }
            for k in mine
        ],
    }  # fmt: skip
