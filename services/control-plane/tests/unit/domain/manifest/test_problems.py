"""Bad manifests and exactly what is said about them: file, line, column, what was expected, a hint."""

import pytest
from deployforge_control_plane.domain.manifest.manifest import parse
from deployforge_control_plane.domain.manifest.problems import InvalidManifest
from deployforge_documents.problems import Problem

HEAD = """\
apiVersion: deployforge.io/v1
kind: Deployment
metadata: {name: shop, namespace: front}
spec:
  providers:
    aws: {type: aws, region: eu-west-1, account: "000000000000", credentialRef: local}
"""
ONE = HEAD + "  resources:\n    - {name: a, type: Queue, provider: aws}\n"
SECRET = (
    HEAD
    + '  parameters: {pw: {type: secret, from: "secret://file/pw"}}\n'
    + "  resources:\n    - {name: a, type: Queue, provider: aws}\n"
)


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(InvalidManifest) as refused:
        parse(text.encode(), "shop.yaml")
    return refused.value.problems


GOLDEN = {
    "not YAML": ("a: [1\n", 2, 1, "is not YAML", ""),
    "empty": ("", 1, 1, "is empty", "deployforge init"),
    "a list": ("- 1\n", 1, 1, "is a list", ""),
    "a second document": (ONE + "---\na: 1\n", 9, 1, "second document", "one file for each"),
    "unquoted reference in a flow": (
        HEAD + "  resources:\n    - {name: a, type: Queue, provider: aws, properties: {deadLetter: ${b.arn}}}\n",
        8, 71, "is not YAML", '"${orders.arn}"',
    ),
    "tab": ("a:\n\tb: 1\n", 2, 1, "is not YAML", "spaces"),
    "unknown field": (ONE + "  polices: []\n", 9, 3, 'unknown field "polices"', '"policies"'),
    "unknown top field": (ONE + "knd: x\n", 9, 1, 'unknown field "knd"', '"kind"'),
    "wrong kind": (ONE.replace("kind: Deployment", "kind: Deploymnt"), 2, 7, "Deploymnt", '"Deployment"'),
    "wrong type": (ONE + "  drift: 5\n", 9, 10, "is 5", ""),
    "number for text": (
        ONE.replace('"000000000000"', "123456789012"), 6, 50, "is 123456789012", "put it in quotes",
    ),
    "text for number": (ONE + '  approval: {required: "1"}\n', 9, 24, 'the text "1"', "without quotes"),
    "yes is no boolean": (ONE + "  approval: {distinctFromAuthor: yes}\n", 9, 34, 'the text "yes"', "write true"),
    "duplicate key": (ONE + "  drift: {every: 5s, every: 6s}\n", 9, 22, 'duplicate key "every", first on line 9', ""),
    "duplicate resource": (
        ONE + "    - {name: a, type: Topic, provider: aws}\n",
        9, 14, 'duplicate resource name "a", first on line 8', "",
    ),
    "unknown reference": (
        ONE + '    - {name: orders, type: Queue, provider: aws, properties: {x: "${ordesr.arn}"}}\n',
        9, 66, 'unknown resource "ordesr"', '"orders"',
    ),
    "unknown dependency": (
        HEAD + "  resources:\n    - {name: alpha, type: Queue, provider: aws, dependsOn: [alfa]}\n",
        8, 61, 'unknown resource "alfa"', '"alpha"',
    ),
    "malformed reference": (
        ONE + '    - {name: b, type: Queue, provider: aws, properties: {x: "${aws:username}"}}\n',
        9, 61, '"${aws:username}" is not a reference', '"$${"',
    ),
    "cycle": (
        HEAD + "  resources:\n"
        '    - {name: a, type: Queue, provider: aws, properties: {x: "${b.arn}"}}\n'
        "    - {name: b, type: Queue, provider: aws, dependsOn: [a]}\n",
        8, 61, "dependency cycle: a → b → a", "remove",
    ),
    "its own dependency": (
        HEAD + "  resources:\n    - {name: a, type: Queue, provider: aws, dependsOn: [a]}\n",
        8, 57, "dependency cycle: a → a", "remove",
    ),
    "a condition that says nothing": (
        ONE + "  drift: {ignore: [{path: x, reason: y, when: {}}]}\n", 9, 47, "says nothing", 'leave "when" out',
    ),
    "a condition that no number meets": (
        ONE + "  drift: {ignore: [{path: x, reason: y, when: {atLeast: 3, atMost: 2}}]}\n", 9, 57, "no number is so", "swap",
    ),
    "unknown type": (ONE.replace("type: Queue", "type: Qeue"), 8, 23, 'unknown resource type "Qeue"', '"Queue"'),
    "unknown provider": (ONE.replace("provider: aws", "provider: aw"), 8, 40, 'unknown provider "aw"', '"aws"'),
    "unknown provider of a native type": (
        HEAD + "  resources:\n    - {name: a, type: awz/AWS::SNS::Topic}\n", 8, 23, 'unknown provider "awz"', '"aws"',
    ),
    "unknown provider type": (
        ONE.replace("{type: aws,", "{type: asw,"), 6, 17, 'unknown provider type "asw"', '"aws"',
    ),
    "unknown policy": (
        ONE + "  policies: [{ref: org/no-open-ingres}]\n",
        9, 20, 'unknown policy "org/no-open-ingres"', '"org/no-open-ingress"',
    ),
    "unknown policy parameter": (
        ONE + "  policies: [{ref: org/required-tags, params: {tag: [a]}}]\n", 9, 47, 'missing field "tags"', "",
    ),
    "path in a name": (ONE.replace("name: shop", "name: ../shop"), 3, 18, '"../shop" is not valid here', ""),
    "line break in a name": (ONE.replace("name: shop", 'name: "shop\\n"'), 3, 18, "is not valid here", ""),
    "bad duration": (ONE + "  drift: {every: 5x}\n", 9, 18, '"5x" is not valid here', ""),
    "missing field": (ONE.replace("account: ", "acount: "), 6, 41, 'unknown field "acount"', '"account"'),
    "parameter without a value": (
        ONE + "  parameters: {size: {type: integer}}\n", 9, 22, 'parameter "size" has no value', "",
    ),
    "unknown parameter": (
        ONE + '    - {name: b, type: Queue, provider: aws, properties: {x: "${parameters.size}"}}\n',
        9, 61, 'unknown parameter "size"', "",
    ),
    "secret inside a text": (
        SECRET + '    - {name: b, type: Queue, properties: {x: "a ${parameters.pw}"}}\n',
        10, 46, 'the secret "pw" stands inside a text', "put the whole text into it",
    ),
    "secret as an initial value": (
        SECRET + '    - {name: b, type: Queue, initial: {x: "${parameters.pw}"}}\n',
        10, 43, 'initial cannot hold the secret "pw"', "",
    ),
    "secret in an output": (
        SECRET + '    - {name: b, type: Queue}\n  outputs: {x: "${parameters.pw}"}\n',
        11, 16, 'an output would show the secret "pw"', "",
    ),
    "secret by itself": (
        ONE + '    - {name: b, type: Queue, properties: {x: "${secret://file/pw}"}}\n',
        9, 46, 'is not a reference', "",
    ),
    "reference of a secret": (
        SECRET.replace("secret://file/pw", "vault:pw") + "    - {name: b, type: Queue}\n", 7, 41, '"vault:pw" is not valid', "",
    ),
    "includes that nobody put in": (
        ONE + "  includes: [{format: cloudformation, path: a.yaml}]\n", 9, 13, "includes are not put in", "expand",
    ),
    "an include of nothing": (ONE + "  includes: [{format: cloudformation}]\n", 9, 14, 'missing field "path"', ""),
    "no resource": (HEAD + "  resources: []\n", 7, 14, "declares no resource", ""),
    "nothing declared": (HEAD, 5, 3, "declares no resource", ""),
    "tag": ("a: !!python/object:os.system x\n", 1, 4, "is not allowed", "remove it"),
    "alias": ("a: *b\n", 1, 4, "alias *b is not allowed", "write it out"),
    "infinity": (
        ONE + "    - {name: b, type: Queue, properties: {x: .inf}}\n", 9, 46, ".inf is not a number", "quotes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GOLDEN)
def test_a_bad_manifest_is_told_where_and_why(case: str) -> None:
    text, line, column, message, hint = GOLDEN[case]
    found = problems(text)
    match = [p for p in found if message in p.message and (p.line, p.column) == (line, column)]
    assert match, [str(p) for p in found]
    assert hint in match[0].hint
    assert match[0].file == "shop.yaml"
    assert str(match[0]).startswith(f"shop.yaml:{line}:{column}: ")


def test_all_problems_are_told_in_the_order_of_the_text() -> None:
    text = ONE.replace("kind: Deployment", "kind: X").replace("type: Queue", "type: Qeue") + "  drift: {every: 0s}\n"
    assert [(p.line, p.path) for p in problems(text)] == [
        (2, "kind"),
        (8, "spec.resources[0].type"),
        (9, "spec.drift.every"),
    ]


def test_too_many_problems_are_counted() -> None:
    found = problems(ONE + "  drift: {" + ", ".join(f"x{n}: 1" for n in range(300)) + "}\n")
    assert len(found) == 201
    assert "100 more problems" in found[-1].message
