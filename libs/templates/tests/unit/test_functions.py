"""What CloudFormation's functions come to, and what is said where they come to nothing."""

import ipaddress
import itertools
import json
from typing import Any

import pytest
from deployforge_documents.problems import InvalidDocument
from deployforge_documents.reading import Node
from deployforge_templates.cloudformation.cidr import blocks
from deployforge_templates.cloudformation.template import load
from deployforge_templates.imported import Given, Imported
from deployforge_templates.values import from_manifest, written
from hypothesis import given, settings
from hypothesis import strategies as st

HEAD = """\
Parameters:
  Env: {Type: String, Default: prod, AllowedValues: [dev, prod]}
  Count: {Type: Number, Default: 3}
  Nets: {Type: CommaDelimitedList, Default: "a, b,c"}
  Size: {Type: Number, Default: 20}
  Password: {Type: String, NoEcho: true}
Mappings:
  Sizes: {prod: {disk: 100, zones: [x, y]}, dev: {disk: 10, zones: [x]}}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsSmall: !And [!Not [!Condition IsProd], !Equals [!Ref Count, "3"]]
  Either: !Or [!Condition IsSmall, !Condition IsProd]
Resources:
  WebServer:
    Type: AWS::SNS::Topic
    Properties:
"""
TAIL = """
  OldQueue: {Type: AWS::SQS::Queue}
  DevOnly: {Type: AWS::SQS::Queue, Condition: IsSmall}
"""


def give(**values: Any) -> dict[str, Node]:
    return {name: from_manifest(Node(value, 1, 1, file="given")) for name, value in values.items()}


def imported(expression: str, **more: Any) -> Imported:
    given_ = {
        "alias": "aws", "provider": {"region": "eu-west-1", "account": "123456789012"}, "deployment": "shop",
        "parameters": give(Password="${parameters.pw}"), "exports": give(**{"net-Vpc": "${net.id}"}), "zones": ("z1", "z2"),
    }  # fmt: skip
    return load((HEAD + f"      X: {expression}" + TAIL).encode(), Given(**{**given_, **more}), "t.yaml")


def value(expression: str, **more: Any) -> Any:
    return written(imported(expression, **more).resources[0].properties).plain().get("X", "left out")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!Ref Env", "prod"),
        ("!Ref Count", 3),
        ("!Ref Nets", ["a", "b", "c"]),
        ("!Ref Password", "${parameters.pw}"),
        ("!Ref OldQueue", "${old-queue.id}"),
        ("!Ref AWS::Region", "eu-west-1"),
        ("!Ref AWS::AccountId", "123456789012"),
        ("!Ref AWS::StackName", "shop"),
        ("!Ref AWS::NoValue", "left out"),
        ("[1, !Ref AWS::NoValue, !If [IsProd, a, !Ref AWS::NoValue]]", [1, "a"]),
        ("!GetAtt OldQueue.Arn", "${old-queue.Arn}"),
        ("!GetAtt [OldQueue, Endpoint.Address]", "${old-queue.Endpoint.Address}"),
        ('!Sub "${Env}-${AWS::Region}-${OldQueue}/${OldQueue.Arn}"', "prod-eu-west-1-${old-queue.id}/${old-queue.Arn}"),
        ('!Sub "${!Env} $${x"', "$${Env} $$${x"),
        ('!Sub ["${a}${Count}", {a: !GetAtt OldQueue.Arn}]', "${old-queue.Arn}3"),
        ("'${Env}'", "$${Env}"),
        ("!Join ['-', [a, !Ref Env, 1, !Ref OldQueue]]", "a-prod-1-${old-queue.id}"),
        ("!Join [',', !Ref Nets]", "a,b,c"),
        ("!Select [1, !Ref Nets]", "b"),
        ("!Select ['0', [!Ref OldQueue, b]]", "${old-queue.id}"),
        ("!Select [1, !GetAZs '']", "z2"),
        ("!GetAZs {Ref: 'AWS::Region'}", ["z1", "z2"]),
        ("!Split ['-', !Sub '${Env}-x']", ["prod", "x"]),
        ("!FindInMap [Sizes, !Ref Env, disk]", 100),
        ("!FindInMap [Sizes, dev, zones]", ["x"]),
        ("!If [IsProd, big, !Transform {Name: never}]", "big"),
        ("!If [IsSmall, !GetAtt Nothing.There, {a: !If [Either, 1, 2]}]", {"a": 1}),
        ("{Fn::Base64: !Sub '${Env}'}", "cHJvZA=="),
        ("!Cidr [10.0.0.0/16, 2, 8]", ["10.0.0.0/24", "10.0.1.0/24"]),
        ("!ImportValue net-Vpc", "${net.id}"),
        ("{Fn::ImportValue: !Sub 'net-Vpc'}", "${net.id}"),
        ("{Version: 2012-10-17, Condition: {a: 1}}", {"Version": "2012-10-17", "Condition": {"a": 1}}),
        ("yes", True),
    ],
)
def test_a_function_comes_to_its_value(expression: str, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "column", "message"),
    [
        ("!Ref Evn", 10, 'unknown name "Evn"'),
        ("!Ref DevOnly", 10, '"DevOnly" is not made: its condition does not hold'),
        ("!GetAtt Env.Arn", 10, 'unknown name "Env"'),
        ("!Ref AWS::StackId", 10, "AWS::StackId is not known here"),
        ("!Select [3, !Ref Nets]", 19, "there is no item 3 in a list of 3"),
        ("!Select [x, [a]]", 19, '"x" is no whole number'),
        ("!Select [0, !GetAtt OldQueue.Arn]", 22, "${old-queue.Arn} is known only when it is deployed"),
        ("!Split ['/', !Ref OldQueue]", 23, "${old-queue.id} is known only when it is deployed"),
        ("!Base64 {Ref: OldQueue}", 10, "${old-queue.id} is known only when it is deployed"),
        ("!Join ['', !Ref Env]", 21, "is no list"),
        ("!Join ['', [[a]]]", 22, "is no text"),
        ("!Join [a]", 10, "Fn::Join takes a list of 2"),
        ('!Sub "${Nets}"', 10, "is no text"),
        ("!FindInMap [Sizes, test, disk]", 29, 'Fn::FindInMap: unknown key "test"'),
        ("!FindInMap [Sices, dev, disk]", 22, 'Fn::FindInMap: unknown mapping "Sices"'),
        ("!If [IsPord, a, b]", 15, 'unknown condition "IsPord"'),
        ("!Cidr [10.0.0.0/28, 300, 8]", 10, "Fn::Cidr: 300 blocks: 1 to 256 can be cut"),
        ("!Cidr [10.0.0.0/28, 2, 8]", 10, "Fn::Cidr: 8 host bits do not fit into 10.0.0.0/28"),
        ("!ImportValue other", 10, 'Fn::ImportValue: the export "other" is not given'),
        ("!GetAZs us-east-1", 10, 'Fn::GetAZs: the zones of "us-east-1" are not known'),
        ("!Transform {Name: AWS::Include}", 10, "Fn::Transform is not evaluated"),
        ("{Fn::Length: [1]}", 10, "Fn::Length is not evaluated"),
        ("{Fn::ForEach::X: [a, [b], {}]}", 10, "Fn::ForEach::X is not evaluated"),
        ("{Fn::Join: ['', []], more: 1}", 11, "Fn::Join stands beside other keys"),
        ("'{{resolve:ssm:/a}}'", 10, "dynamic references (ssm) are not resolved"),
        ("~", 10, "is empty"),
    ],
)
def test_what_comes_to_nothing_is_refused_where_it_stands(expression: str, column: int, message: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        imported(expression)
    problem = refused.value.problems[0]
    assert (problem.file, problem.line, problem.column, problem.message) == ("t.yaml", 17, column, message)


def test_parameters_that_are_kept_stay_parameters_unless_they_decide_something() -> None:
    found = imported(
        '{name: !Sub "${Env}-${Size}", size: !Ref Size, n: !Ref Count, p: !Ref Password, l: !Ref Nets, s: !Select [0, !Ref Nets]}',
        keep=True,
        parameters={},
    )
    assert written(found.resources[0].properties).plain()["X"] == {
        "name": "prod-${parameters.Size}", "n": 3, "p": "${parameters.Password}", "l": ["a", "b", "c"], "s": "a",
        "size": "${parameters.Size}",
    }  # fmt: skip
    kept = {name: (one.type, one.value, one.reference) for name, one in found.parameters.items()}
    assert kept == {
        "Size": ("integer", 20, ""), "Password": ("secret", None, "secret://file/shop/Password"),
    }  # fmt: skip
    assert list(found.notes) == [
        "parameter Count decided what is made and is put in with its value, 3",
        "parameter Env decided what is made and is put in with its value, prod",
        "parameter Nets decided what is made and is put in with its value, ['a', 'b', 'c']",
        "parameter Password is a secret: it is read from secret://file/shop/Password",
    ]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"Env": "test"}, 'parameter "Env" may not be "test"'),
        ({"Count": "many"}, 'parameter "Count" is "many"'),
        ({"Enf": "dev"}, 'the template has no parameter "Enf"'),
        ({"Password": "hunter2"}, 'parameter "Password" is a secret'),
        ({"Password": ""}, 'parameter "Password" is a secret'),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_where_it_is_given(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        imported("1", parameters={**give(Password="${parameters.pw}"), **give(**parameters)})
    assert (refused.value.problems[0].file, refused.value.problems[0].message) == ("given", message)


def test_a_secret_has_no_default_and_no_value_that_is_written_out() -> None:
    text = HEAD.replace("NoEcho: true", "NoEcho: true, Default: hunter2") + "      X: !Ref Password" + TAIL
    found = load(text.encode(), Given("aws", {"region": "eu-west-1"}, "shop", keep=True), "t.yaml")
    assert "hunter2" not in repr(found)
    with pytest.raises(InvalidDocument, match="is a secret"):
        load(text.encode(), Given("aws", {"region": "eu-west-1"}, "shop"), "t.yaml")


@given(
    st.lists(st.text(st.characters(max_codepoint=0xFFFF, blacklist_categories=("Cs",)), max_size=8), min_size=1, max_size=5)
)
@settings(max_examples=60)
def test_splitting_undoes_joining(words: list[str]) -> None:
    words = [word.replace("|", "") for word in words]
    joined = json.dumps({"Fn::Join": ["|", words]})
    split = value(json.dumps({"Fn::Split": ["|", json.loads(joined)]}))
    assert split == [word.replace("${", "$${") for word in words]


@given(st.integers(0, 2**32 - 1), st.integers(8, 28), st.integers(1, 20), st.integers(1, 24))
def test_blocks_that_are_cut_lie_in_their_block_and_apart(address: int, length: int, count: int, bits: int) -> None:
    whole = ipaddress.ip_network((address, length), strict=False)
    try:
        cut = [ipaddress.ip_network(block) for block in blocks(str(whole), count, bits)]
    except ValueError:
        assert bits > 32 - length or count > 2 ** (32 - length - bits)
        return
    assert len(cut) == count
    assert all(part.prefixlen == 32 - bits and part.subnet_of(whole) for part in cut)
    assert all(not one.overlaps(other) for one, other in itertools.pairwise(cut))
