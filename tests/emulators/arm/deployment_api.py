"""Requests about deployments. Source of paths and answers: Microsoft.Resources OpenAPI, stable 2021-04-01."""

import uuid
from collections.abc import Mapping
from typing import Any

from tests.emulators.arm import whatif
from tests.emulators.arm.access import Access
from tests.emulators.arm.deployments import Deployments
from tests.emulators.arm.ids import group_id
from tests.emulators.arm.later import Later, versioned
from tests.emulators.arm.replies import Refused
from tests.emulators.arm.resources import Resources
from tests.emulators.messages import Ask, Reply


class DeploymentApi:
    """One method per path."""

    def __init__(self, access: Access, deployments: Deployments, resources: Resources, later: Later) -> None:
        self._access, self._deployments, self._resources, self._later = access, deployments, resources, later

    def one(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        """PUT, GET, HEAD, DELETE of a deployment."""
        place = (at["subscription"], at["group"], at["name"])
        self._access.judge_method(ask, group_id(*place[:2]))
        versioned(ask)
        if ask.method == "PUT":
            correlation = ask.headers.get("x-ms-correlation-request-id") or str(uuid.uuid4())
            body, created = self._deployments.begin(*place, ask.body, correlation)
            number = uuid.uuid4().int % 10**20
            url = f"{ask.host}{body['id']}/operationStatuses/{number:020d}?api-version={ask.query['api-version']}"
            return Reply(201 if created else 200, body, {"azure-asyncoperation": url})
        if ask.method == "HEAD":
            try:
                self._deployments.get(*place)
            except Refused:
                return Reply(404, None, {"x-ms-failure-cause": "gateway"})
            return Reply(204)
        if ask.method == "DELETE":
            if not self._deployments.forget(*place):
                return Reply(204)
            return Reply(202, None, self._later.results(ask, place[0], self._later.begin("nothing", "", status=204)))
        return Reply(200, self._deployments.shown(self._deployments.get(*place)))

    def every(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        """The deployments of a group."""
        self._access.judge_method(ask, group_id(at["subscription"], at["group"]))
        versioned(ask)
        return Reply(200, {"value": self._deployments.every(at["subscription"], at["group"])})

    def operations(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        """What a deployment has begun, in pages."""
        self._access.judge_method(ask, group_id(at["subscription"], at["group"]))
        versioned(ask)
        kept = self._deployments.get(at["subscription"], at["group"], at["name"])
        every = self._deployments.operations(kept)
        size, start = int(ask.query.get("$top", 200)), int(ask.query.get("$skiptoken", 0))
        answer: dict[str, Any] = {"value": every[start : start + size]}
        if start + size < len(every):
            version = ask.query["api-version"]
            answer["nextLink"] = f"{ask.host}{ask.path}?api-version={version}&$top={size}&$skiptoken={start + size}"
        return Reply(200, answer)

    def status(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        """The long-running operation of a deployment."""
        self._access.judge_method(ask, group_id(at["subscription"], at["group"]))
        kept = self._deployments.get(at["subscription"], at["group"], at["name"])
        if kept["error"]:
            return Reply(200, {"status": kept["state"], "error": kept["error"]})
        return Reply(200, {"status": kept["state"]})

    def validate(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        """Whether a template could be deployed."""
        self._access.judge_method(ask, group_id(at["subscription"], at["group"]))
        versioned(ask)
        template = self._deployments.template(at["subscription"], at["group"], at["name"], ask.body)
        planned = template.planned()
        properties = {
            "mode": ask.body["properties"]["mode"], "provisioningState": "Succeeded", "parameters": template.shown_parameters(),
            "validatedResources": [{"id": str(p.id)} for p in planned],
        }  # fmt: skip
        return Reply(200, {"properties": properties})

    def what_if(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        """What a template would do, by a long-running operation."""
        id = group_id(at["subscription"], at["group"])
        self._access.judge_method(ask, id)
        versioned(ask)
        try:
            template = self._deployments.template(at["subscription"], at["group"], at["name"], ask.body)
            result: Any = {"status": "Succeeded", "properties": {"changes": whatif.changes(template, self._resources, id)}}
        except Refused as refused:
            if refused.code != "InvalidTemplate":
                raise
            # Azure takes the request and says so in the result.
            result = {"status": "Failed", "error": refused.error()}
        number = self._later.begin("nothing", "", result=result)
        return Reply(202, None, self._later.results(ask, at["subscription"], number))

    def cancel(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        """Stop a deployment."""
        self._access.judge_method(ask, group_id(at["subscription"], at["group"]))
        versioned(ask)
        self._deployments.cancel(at["subscription"], at["group"], at["name"])
        return Reply(204)
