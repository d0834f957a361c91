"""What the providers of the modelled types refuse, and what they add."""

import pytest

from tests.emulators.arm.running import SUBSCRIPTION, Running

_AT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/types/providers"
_NET = f"{_AT}/Microsoft.Network/virtualNetworks/net"
_BUS = f"{_AT}/Microsoft.ServiceBus/namespaces/df-types"


@pytest.fixture(scope="module")
def there(rough: Running) -> Running:
    """A group with a network, a bus and a queue."""
    rough.rest("PUT", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/types", body={"location": "westeurope"})
    assert (
        rough.rest(
            "PUT",
            _NET,
            "2024-05-01",
            {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
        )[0]
        == 201
    )
    assert rough.rest("PUT", f"{_NET}/subnets/a", "2024-05-01", {"properties": {"addressPrefix": "10.0.1.0/24"}})[0] == 201
    assert rough.rest("PUT", _BUS, "2021-11-01", {"location": "westeurope", "sku": {"name": "Standard"}})[0] == 201
    assert rough.rest("PUT", f"{_BUS}/queues/q", "2021-11-01", {"properties": {}})[0] == 201
    return rough


@pytest.mark.parametrize(
    ("path", "version", "body", "status", "code"),
    [
        (f"{_NET}/subnets/b", "2024-05-01", {"properties": {"addressPrefix": "10.9.0.0/24"}}, 400, "NetcfgInvalidSubnet"),
        (f"{_NET}/subnets/b", "2024-05-01", {"properties": {"addressPrefix": "10.0.1.0/25"}}, 400, "NetcfgSubnetRangesOverlap"),
        (f"{_AT}/Microsoft.Storage/storageAccounts/No", "2023-05-01", {"location": "westeurope", "sku": {"name": "Standard_LRS"}}, 400, "InvalidResourceName"),
        (f"{_AT}/Microsoft.Storage/storageAccounts/abc", "2023-05-01", {"location": "atlantis", "sku": {"name": "Standard_LRS"}}, 400, "LocationNotAvailableForResourceType"),
        (f"{_AT}/Microsoft.Storage/storageAccounts/abc", "2023-05-01", {"location": "westeurope", "sku": {"name": "Cheap"}}, 400, "InvalidSku"),
        (f"{_AT}/Microsoft.Storage/storageAccounts/abc", "2023-05-01", {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "properties": {"acessTier": "Hot"}}, 400, "InvalidRequestContent"),
        (f"{_BUS}/queues/q", "2021-11-01", {"properties": {"lockDuration": "30s"}}, 400, "InvalidParameter"),
        (f"{_BUS}/queues/q", "2021-11-01", {"properties": {"requiresSession": True}}, 409, "PropertyChangeNotAllowed"),
        (f"{_AT}/Microsoft.ServiceBus/namespaces/nobody/queues/q", "2021-11-01", {"properties": {}}, 404, "ParentResourceNotFound"),
        (f"{_BUS}/queues/q", "2000-01-01", {"properties": {}}, 400, "NoRegisteredProviderFound"),
    ],
)  # fmt: skip
def test_what_a_provider_refuses(there: Running, path: str, version: str, body: object, status: int, code: str) -> None:
    got, answer = there.rest("PUT", path, version, body)
    assert (got, answer["error"]["code"]) == (status, code)


def test_a_network_tells_its_subnets(there: Running) -> None:
    assert [s["name"] for s in there.rest("GET", _NET, "2024-05-01")[1]["properties"]["subnets"]] == ["a"]


def test_a_secret_is_taken_and_not_given_back(there: Running) -> None:
    vault = f"{_AT}/Microsoft.KeyVault/vaults/df-vault"
    there.rest(
        "PUT",
        vault,
        "2023-07-01",
        {"location": "westeurope", "properties": {"sku": {"family": "A", "name": "standard"}, "tenantId": "t"}},
    )
    answer = there.rest("PUT", f"{vault}/secrets/s", "2023-07-01", {"properties": {"value": "geheim"}})
    assert answer[0] == 201
    assert "geheim" not in str(there.rest("GET", f"{vault}/secrets/s", "2023-07-01")) + str(answer)


def test_a_type_that_is_not_modelled_is_kept_as_it_comes(there: Running) -> None:
    path = f"{_AT}/Microsoft.Unheard/things/one"
    assert there.rest("PUT", path, "2020-01-01", {"location": "westeurope", "properties": {"a": [1, {"b": 2}]}})[0] == 201
    assert there.rest("GET", path, "2020-01-01")[1]["properties"]["a"] == [1, {"b": 2}]
    assert there.rest("PUT", path, "2020-01-01", {"properties": {}})[1]["error"]["code"] == "LocationRequired"


def test_a_group_in_use_is_not_deleted(there: Running) -> None:
    group = f"{_AT}/Microsoft.Network/networkSecurityGroups/nsg"
    there.rest("PUT", group, "2024-05-01", {"location": "westeurope", "properties": {"securityRules": []}})
    there.rest(
        "PUT",
        f"{_NET}/subnets/a",
        "2024-05-01",
        {"properties": {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": group}}},
    )
    assert there.rest("DELETE", group, "2024-05-01")[1]["error"]["code"] == "InUseNetworkSecurityGroupCannotBeDeleted"
