"""Microsoft's own client against the emulator: what it makes, tells, and refuses."""

from urllib.request import Request, urlopen

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.emulators.arm.running import SUBSCRIPTION, Running, start
from tests.emulators.arm.tests.conftest import Sdk, account, bus, queue, template, wanted


def test_a_deployment_makes_its_resources_in_order_and_gives_outputs(sdk: Sdk) -> None:
    group = sdk.group("order")
    body = template(
        queue("df-order", "q", lockDuration="PT30S"),
        bus("df-order"),
        account("dforder1", tags={"bus": "[reference('df-order').serviceBusEndpoint]", "literal": "[[not an expression]"}),
        parameters={"word": {"type": "string"}, "hidden": {"type": "securestring"}},
        variables={"both": "[concat(parameters('word'), '-', resourceGroup().name)]"},
        outputs={
            "both": {"type": "string", "value": "[variables('both')]"},
            "secret": {"type": "securestring", "value": "[parameters('hidden')]"},
        },
    )
    done = sdk.deploy("order", "d", body, word="a", hidden="geheim").result()
    assert done.properties.provisioning_state == "Succeeded"
    assert done.properties.outputs == {"both": {"type": "String", "value": "a-order"}, "secret": {"type": "SecureString"}}
    assert done.properties.parameters == {"word": {"type": "String", "value": "a"}, "hidden": {"type": "SecureString"}}
    operations = list(sdk.deployments.deployment_operations.list("order", "d"))
    assert {o.properties.provisioning_state for o in operations} == {"Succeeded"}
    assert [d.id.rpartition("/")[2] for d in done.properties.dependencies if d.resource_name == "q"] == ["q"]
    live = sdk.resources.resources.get_by_id(
        f"{group}/providers/Microsoft.Storage/storageAccounts/dforder1", api_version="2023-05-01"
    )
    assert live.tags == {"bus": "https://df-order.servicebus.windows.net:443/", "literal": "[not an expression]"}


def test_what_if_tells_what_would_change_and_changes_nothing(sdk: Sdk) -> None:
    group = sdk.group("preview")
    deployments = sdk.deployments.deployments
    assert [c.change_type for c in _changes(deployments, "preview", template(bus("df-pre")))] == ["Create"]
    assert not sdk.resources.resources.check_existence_by_id(
        f"{group}/providers/Microsoft.ServiceBus/namespaces/df-pre", api_version="2021-11-01"
    )
    sdk.deploy("preview", "d", template(bus("df-pre"), queue("df-pre", "q", lockDuration="PT30S"))).result()
    now = {
        c.resource_id.rpartition("/")[2]: c
        for c in _changes(deployments, "preview", template(bus("df-pre"), queue("df-pre", "q", lockDuration="PT9S")))
    }
    assert (now["df-pre"].change_type, now["q"].change_type) == ("NoChange", "Modify")
    assert [(d.path, d.before, d.after) for d in now["q"].delta] == [("properties.lockDuration", "PT30S", "PT9S")]


def _changes(deployments: object, group: str, body: dict[str, object]) -> list[object]:
    result = deployments.begin_what_if(group, "w", wanted(body)).result()  # type: ignore[attr-defined]
    assert result.status == "Succeeded", result.error
    return list(result.properties.changes)


def test_a_failing_resource_fails_the_deployment_and_leaves_the_others(sdk: Sdk) -> None:
    sdk.group("half")
    body = template(
        bus("df-half"), queue("df-half", "good"), queue("df-half", "bad", forwardTo="nowhere"), account("dfhalf1")
    )
    with pytest.raises(HttpResponseError) as failed:
        sdk.deploy("half", "d", body).result()
    assert failed.value.error.code == "DeploymentFailed"
    assert "nowhere" in failed.value.error.details[0].message
    states = {
        o.properties.target_resource.resource_name: o.properties.provisioning_state
        for o in sdk.deployments.deployment_operations.list("half", "d")
    }
    assert states == {"df-half": "Succeeded", "good": "Succeeded", "bad": "Failed", "dfhalf1": "Succeeded"}
    assert [r.name for r in sdk.resources.resources.list_by_resource_group("half")] == ["df-half", "dfhalf1"]


def test_a_template_that_makes_no_sense_is_refused_at_once(sdk: Sdk) -> None:
    sdk.group("nonsense")
    with pytest.raises(HttpResponseError, match="'nowhere' is not found"):
        sdk.deploy("nonsense", "d", template(account("[parameters('nowhere')]")))
    with pytest.raises(HttpResponseError, match="not modelled"):
        sdk.deploy("nonsense", "d", template(account("[newGuid()]")))
    with pytest.raises(HttpResponseError, match="Circular"):
        sdk.deploy("nonsense", "d", template(account("aaa", dependsOn=["bbb"]), account("bbb", dependsOn=["aaa"])))
    with pytest.raises(HttpResponseError, match="2023-01-01, 2023-05-01"):
        sdk.deploy("nonsense", "d", template({**account("aaa"), "apiVersion": "1999-01-01"}))


def test_a_running_deployment_is_active_until_it_is_cancelled(sdk: Sdk) -> None:
    sdk.group("busy")
    sdk.arm.control("faults", {"kind": "slow", "match": "df-busy$", "seconds": 30})
    sdk.deployments.deployments.begin_create_or_update(
        "busy", "d", wanted(template(bus("df-busy"), queue("df-busy", "q"))), polling=False
    )
    with pytest.raises(HttpResponseError) as active:
        sdk.deploy("busy", "d", template(bus("df-busy")))
    assert active.value.error.code == "DeploymentActive"
    sdk.deployments.deployments.cancel("busy", "d")
    assert sdk.deployments.deployments.get("busy", "d").properties.provisioning_state == "Canceled"
    with pytest.raises(HttpResponseError, match="cannot be cancelled"):
        sdk.deployments.deployments.cancel("busy", "d")


def test_groups_and_resources_are_removed_by_long_running_operations(sdk: Sdk) -> None:
    group = sdk.group("gone")
    sdk.deploy("gone", "d", template(bus("df-gone"), queue("df-gone", "q"))).result()
    queue_id = f"{group}/providers/Microsoft.ServiceBus/namespaces/df-gone/queues/q"
    sdk.resources.resources.begin_delete_by_id(
        f"{group}/providers/Microsoft.ServiceBus/namespaces/df-gone", api_version="2021-11-01"
    ).result()
    assert not sdk.resources.resources.check_existence_by_id(queue_id, api_version="2021-11-01")
    sdk.resources.resource_groups.begin_delete("gone").result()
    with pytest.raises(ResourceNotFoundError):
        sdk.resources.resource_groups.get("gone")


def test_the_client_waits_as_long_as_a_throttled_answer_says(sdk: Sdk) -> None:
    sdk.group("slow")
    sdk.arm.control("faults", {"kind": "throttle", "path": "resourcegroups/slow$", "times": 2, "retryAfter": 1})
    assert sdk.resources.resource_groups.get("slow").name == "slow"


def test_resource_graph_comes_in_pages_and_knows_tracked_resources_only(sdk: Sdk) -> None:
    sdk.group("graph")
    sdk.deploy("graph", "d", template(bus("df-graph"), queue("df-graph", "q"), account("dfgraph1"))).result()
    seen, token = [], None
    for _ in range(3):
        options = {"$top": 1, **({"$skipToken": token} if token else {})}
        text = "Resources | where resourceGroup =~ 'graph' | project id, type | order by id asc"
        status, page = sdk.arm.rest(
            "POST",
            "/providers/Microsoft.ResourceGraph/resources",
            "2021-03-01",
            {"subscriptions": [SUBSCRIPTION], "query": text, "options": options},
        )
        assert status == 200
        seen += [row["type"] for row in page["data"]]
        token = page.get("$skipToken")
        if token is None:
            break
    assert seen == ["microsoft.servicebus/namespaces", "microsoft.storage/storageaccounts"]


def test_what_it_knows_outlives_the_process(tmp_path: object) -> None:
    first = start(tmp_path, seconds=0.0)  # type: ignore[arg-type]
    first.rest("PUT", f"/subscriptions/{SUBSCRIPTION}/resourcegroups/kept", body={"location": "westeurope"})
    first.process.kill()
    first.process.wait(10)
    second = start(tmp_path, seconds=0.0)  # type: ignore[arg-type]
    try:
        assert second.rest("GET", f"/subscriptions/{SUBSCRIPTION}/resourcegroups/kept")[1]["location"] == "westeurope"
    finally:
        second.stop()


def test_a_deployment_goes_on_where_a_killed_process_left_it(tmp_path: object) -> None:
    first = start(tmp_path, seconds=0.5)  # type: ignore[arg-type]
    at = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/kept"
    first.rest("PUT", at, body={"location": "westeurope"})
    first.rest(
        "PUT",
        f"{at}/providers/Microsoft.Resources/deployments/d",
        body=wanted(template(bus("df-kept"), queue("df-kept", "q"))),
    )
    first.process.kill()
    first.process.wait(10)
    second = start(tmp_path)  # type: ignore[arg-type]
    try:
        second.control("clock", {"seconds": 60})
        assert (
            second.rest("GET", f"{at}/providers/Microsoft.Resources/deployments/d")[1]["properties"]["provisioningState"]
            == "Succeeded"
        )
        assert (
            second.rest("GET", f"{at}/providers/Microsoft.ServiceBus/namespaces/df-kept/queues/q", "2021-11-01")[0] == 200
        )
    finally:
        second.stop()


def test_correlation_ids_come_back(arm: Running) -> None:
    asked = Request(
        f"{arm.url}/subscriptions/{SUBSCRIPTION}/resourcegroups?api-version=2021-04-01",
        headers={"Authorization": f"Bearer {arm.token()}", "x-ms-correlation-request-id": "c-1"},
    )
    with urlopen(asked, timeout=10) as answer:
        assert answer.headers["x-ms-correlation-request-id"] == "c-1"
        assert answer.headers["x-ms-ratelimit-remaining-subscription-reads"]
