"""The dialect of CloudFormation templates: short tags, aliases, and the booleans of YAML 1.1."""

from typing import Any, Final

from deployforge_documents.reading import Dialect, Node

#: Functions with a short form; whether they can be evaluated is another matter.
FUNCTIONS: Final = (
    "And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap", "GetAtt", "GetAZs",
    "GetStackOutput", "If", "ImportValue", "Join", "Length", "Not", "Or", "RefAll", "Select", "Split", "Sub",
    "ToJsonString", "Transform", "ValueOf", "ValueOfAll",
)  # fmt: skip
_SHORT: Final = {f"!{name}": f"Fn::{name}" for name in FUNCTIONS} | {"!Ref": "Ref", "!Condition": "Condition"}
_TRUE: Final = ("yes", "Yes", "YES", "on", "On", "ON")
_FALSE: Final = ("no", "No", "NO", "off", "Off", "OFF")


def _tagged(tag: str, node: Node) -> Any:
    return {_SHORT[tag]: node}


TEMPLATE: Final = Dialect(
    noun="a CloudFormation template",
    most_depth=64,
    aliases=True,
    tagged=_tagged,
    words=dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False),
    octal=True,
)
