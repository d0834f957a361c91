"""A CloudFormation template as a whole: what becomes a resource, and what is refused by its name."""

import pytest
from deployforge_documents.problems import InvalidDocument
from deployforge_templates.cloudformation.template import load
from deployforge_templates.imported import Given, Imported
from deployforge_templates.values import written

GIVEN = Given("aws", {"region": "eu-west-1", "account": "123456789012"}, "shop")
TOPIC = "Resources: {T: {Type: AWS::SNS::Topic}}\n"


def read(text: str, given: Given = GIVEN) -> Imported:
    return load(text.encode(), given, "t.yaml")


def test_a_template_becomes_resources_with_their_dependencies_and_lives() -> None:
    found = read("""
Description: two topics
Conditions: {Never: !Equals [a, b]}
Resources:
  FirstTopic: {Type: AWS::SNS::Topic, DeletionPolicy: Retain, UpdateReplacePolicy: Retain, Metadata: {a: 1}}
  Second:
    Type: AWS::SNS::Topic
    DependsOn: [FirstTopic, Gone]
    Properties: {DisplayName: !GetAtt FirstTopic.TopicName}
  Gone: {Type: AWS::SNS::Topic, Condition: Never}
Outputs:
  Name: {Value: !GetAtt Second.TopicName, Export: {Name: n}}
  None: {Value: !Ref Gone, Condition: Never}
""")
    first, second = found.resources
    assert (first.name, first.type, first.retain, first.properties.plain()) == (
        "first-topic",
        "aws/AWS::SNS::Topic",
        True,
        {},
    )
    assert (second.name, second.depends_on, second.retain) == ("second", ("first-topic",), False)
    assert written(second.properties).plain() == {"DisplayName": "${first-topic.TopicName}"}
    assert (second.source.line, second.source.column) == (6, 3)
    assert {name: written(node).value for name, node in found.outputs.items()} == {"Name": "${second.TopicName}"}
    assert found.description == "two topics"


def test_json_is_read_as_well_as_yaml() -> None:
    text = '{\n\t"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "AWS::Region"}}}}\n}'
    assert read(text).resources[0].properties.plain() == {"DisplayName": "eu-west-1"}


REFUSED = {
    "a transform": ("Transform: AWS::Serverless-2016-10-31\n" + TOPIC, 1, 1, "Transform AWS::Serverless-2016-10-31"),
    "a macro": (TOPIC + "Transform: [{Name: Mine}]\nGlobals: {}\n", 2, 1, "Transform Mine"),
    "rules": (TOPIC + "Rules: {A: {}}\n", 2, 1, "Rules: assertions"),
    "an unknown section": (TOPIC + "Outptus: {}\n", 2, 1, 'unknown section "Outptus"'),
    "a loop": ("Resources:\n  Fn::ForEach::X: [a, [b], {}]\n", 2, 3, "Fn::ForEach::X is a loop of the transform AWS::Language"),
    "an include": ("Resources:\n  Fn::Transform: {Name: AWS::Include}\n", 2, 3, "Fn::Transform is not evaluated"),
    "a nested stack": ("Resources:\n  N: {Type: AWS::CloudFormation::Stack}\n", 2, 13, "AWS::CloudFormation::Stack is part of"),
    "a custom resource": ("Resources:\n  N: {Type: Custom::Thing}\n", 2, 13, "Custom::Thing is part of"),
    "a module": ("Resources:\n  N: {Type: A::B::C::MODULE}\n", 2, 13, "A::B::C::MODULE is a module"),
    "no type": ("Resources:\n  N: {Properties: {}}\n", 2, 6, "a resource has no Type"),
    "an unknown field": ("Resources:\n  N: {Type: AWS::SNS::Topic, Propertes: {}}\n", 2, 30, 'unknown field "Propertes"'),
    "signals": ("Resources:\n  N: {Type: AWS::SNS::Topic, CreationPolicy: {}}\n", 2, 30, "CreationPolicy waits for signals"),
    "a way of updating": ("Resources:\n  N: {Type: AWS::SNS::Topic, UpdatePolicy: {}}\n", 2, 30, "UpdatePolicy says how"),
    "a snapshot": ("Resources:\n  N: {Type: AWS::SNS::Topic, DeletionPolicy: Snapshot}\n", 2, 46, "DeletionPolicy Snapshot"),
    "two policies": (
        "Resources:\n  N: {Type: AWS::SNS::Topic, UpdateReplacePolicy: Retain}\n", 2, 51, "UpdateReplacePolicy keeps what",
    ),
    "helper scripts": (
        "Resources:\n  N: {Type: AWS::SNS::Topic, Metadata: {AWS::CloudFormation::Init: {}}}\n", 2, 41,
        "AWS::CloudFormation::Init is read from the stack",
    ),
    "an unknown dependency": ("Resources:\n  N: {Type: AWS::SNS::Topic, DependsOn: M}\n", 2, 41, 'unknown resource "M"'),
    "a condition that needs itself": (
        "Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\nResources: {T: {Type: AWS::SNS::Topic, Condition: A}}\n",
        3, 12, 'condition "A" needs itself',
    ),
    "a stored parameter": (
        "Parameters:\n  P: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}\n" + TOPIC, 2, 6,
        'parameter "P" is looked up in the Parameter Store',
    ),
    "a parameter without a value": ("Parameters:\n  P: {Type: String}\n" + TOPIC, 2, 6, 'parameter "P" has no value'),
    "a tag of another tool": (TOPIC + "Outputs: {A: {Value: !Foo x}}\n", 2, 22, 'tag "!Foo" is not known'),
    "nothing": ("Description: nothing\n", 1, 1, "has no resources"),
    "a list": ("- a\n", 1, 1, "is no template"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_taken_over_is_refused_by_name_and_place(case: str) -> None:
    text, line, column, message = REFUSED[case]
    with pytest.raises(InvalidDocument) as refused:
        read(text)
    problem = refused.value.problems[0]
    assert problem.message.startswith(message)
    assert (problem.file, problem.line, problem.column) == ("t.yaml", line, column)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidDocument) as refused:
        read(
            "Resources:\n  A: {Type: Custom::A}\n  B: {Type: AWS::SNS::Topic, DependsOn: Z}\nOutputs: {O: {Value: !Ref Q}}\n"
        )
    assert [problem.line for problem in refused.value.problems] == [2, 3, 4]


def test_an_alias_bomb_is_refused() -> None:
    bomb = "A: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{n}: &{n} [{', '.join([f'*{chr(ord(n) - 1)}'] * 9)}]\n" for n in "bcdefghi"
    )
    with pytest.raises(InvalidDocument, match="holds more than 500000 values"):
        read(bomb)
