"""What of a change set replaces a resource, or may: what CloudFormation leaves open is decided where it can be."""

from typing import Any

import pytest
from deployforge_mcal.adapters.aws.models import model
from deployforge_mcal.adapters.aws.replacements import replaced

MODELS = {
    "Net": model("Network"),
    "Db": model("Database"),
    "Vm": model("Compute"),
    "Raw": model("aws/AWS::EC2::Instance"),
    "Q": model("Queue"),
}


def change(logical: str, replacement: str, *details: dict[str, Any]) -> dict[str, Any]:
    """A modification as CloudFormation lists it."""
    return {
        "ResourceChange": {
            "Action": "Modify",
            "LogicalResourceId": logical,
            "Replacement": replacement,
            "Details": list(details),
        }
    }


def detail(name: str, recreation: str, source: str = "DirectModification", entity: str = "") -> dict[str, Any]:
    """Why a property changes, and whether that replaces."""
    cause = {"CausingEntity": entity} if entity else {}
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation}
    return {"Target": target, "Evaluation": "Dynamic" if entity else "Static", "ChangeSource": source, **cause}


def test_what_is_replaced_for_certain_is_told_with_its_properties() -> None:
    found = replaced([change("Net", "True", detail("CidrBlock", "Always"), detail("Tags", "Never"))], MODELS)
    assert found == {"Net": "CloudFormation says that Net would be replaced, because of CidrBlock"}
    assert replaced([change("Net", "False", detail("Tags", "Never"))], MODELS) == {}


@pytest.mark.parametrize(
    ("changes", "may_be"),
    [
        # Our own type says that this is changed in place; of the native one nobody says so.
        ([change("Vm", "Conditional", detail("InstanceType", "Conditionally"))], set()),
        ([change("Raw", "Conditional", detail("InstanceType", "Conditionally"))], {"Raw"}),
        ([change("Db", "Conditional", detail("BackupRetentionPeriod", "Conditionally"))], set()),
        # What is not replaced keeps its name; what else it says may change.
        ([change("Q", "False"), change("Raw", "Conditional", detail("ImageId", "Always", "ResourceAttribute", "Q.Arn"))], set()),
        ([change("Q", "False"), change("Raw", "Conditional", detail("ImageId", "Always", "ResourceReference", "Q"))], set()),
        ([change("Q", "False"), change("Raw", "Conditional", detail("ImageId", "Always", "ResourceAttribute", "Q.Other"))], {"Raw"}),
        # A parameter has another value, or it would not be listed.
        ([change("Raw", "Conditional", detail("ImageId", "Conditionally", "ParameterReference", "P"))], {"Raw"}),
        # It goes on to whoever refers to what may be replaced, in whatever order they are listed.
        (
            [change("Db", "Conditional", detail("DBName", "Always", "ResourceReference", "Raw")),
             change("Raw", "Conditional", detail("ImageId", "Conditionally"))],
            {"Raw", "Db"},
        ),
        ([change("Q", "True"), change("Raw", "Conditional", detail("ImageId", "Always", "ResourceAttribute", "Q.Arn"))], {"Q", "Raw"}),
    ],
)  # fmt: skip
def test_what_is_left_open_is_decided_where_it_can_be(changes: list[dict[str, Any]], may_be: set[str]) -> None:
    assert replaced(changes, MODELS).keys() == may_be


def test_a_resource_that_is_not_ours_is_taken_at_cloudformations_word() -> None:
    foreign = change("Child", "Conditional", detail("Endpoint", "Always", "ResourceAttribute", "Q.Other"))
    assert replaced([foreign, change("Q", "False")], MODELS).keys() == {"Child"}
