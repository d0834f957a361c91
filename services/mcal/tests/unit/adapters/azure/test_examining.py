"""Azure's sets of permissions, judged as Azure judges them."""

import pytest
from deployforge_mcal.adapters.azure.examining import allowed

CONTRIBUTOR = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}
READER = {"actions": ["*/read"], "notActions": []}
QUEUES = {"actions": ["Microsoft.ServiceBus/namespaces/*"]}


@pytest.mark.parametrize(
    ("held", "action", "wanted"),
    [
        ([], "Microsoft.Storage/storageAccounts/read", False),
        ([READER], "Microsoft.Storage/storageAccounts/read", True),
        ([READER], "Microsoft.Storage/storageAccounts/write", False),
        ([CONTRIBUTOR], "Microsoft.Storage/storageAccounts/write", True),
        ([CONTRIBUTOR], "Microsoft.Authorization/roleAssignments/write", False),
        # What one set takes away, another may give.
        ([CONTRIBUTOR, {"actions": ["*"]}], "Microsoft.Authorization/roleAssignments/write", True),
        ([QUEUES], "microsoft.servicebus/namespaces/queues/write", True),
        ([QUEUES], "Microsoft.Storage/storageAccounts/write", False),
    ],
)
def test_an_action_is_allowed_when_one_set_allows_it(held: list[dict[str, list[str]]], action: str, wanted: bool) -> None:
    assert allowed(held, action) is wanted
