"""Terraform modules: one unit as they are, or resources where they are simple."""

from pathlib import Path
from typing import Any

import pytest
from deployforge_documents.problems import InvalidDocument
from deployforge_documents.reading import Node
from deployforge_templates.imported import Given, Imported
from deployforge_templates.sources import Source
from deployforge_templates.terraform.module import load
from deployforge_templates.values import from_manifest, written

EXAMPLE = Path(__file__).parents[4] / "examples/terraform/site"
SIMPLE = """\
variable "env" { default = "dev" }
variable "ports" {
  type    = list(number)
  default = [80, 443]
}
locals { title = "of ${var.env}" }
resource "x_net" "main" { cidr = "10.0.0.0/16" }
"""


def read(path: Path, keep: bool = True, **parameters: Any) -> Imported:
    given = {name: from_manifest(Node(value, 1, 1, file="given")) for name, value in parameters.items()}
    return load(
        Source(path, path.name, Node(None, 7, 3, file="m.yaml")), Given("tf", {}, "shop", keep=keep, parameters=given)
    )


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "site"
    path.mkdir()
    return path


def declared(imported: Imported) -> dict[str, Any]:
    return {one.name: (one.type, written(one.properties).plain()) for one in imported.resources}


def test_an_include_is_one_unit_with_all_its_files(module: Path) -> None:
    (module / "main.tf").write_text('variable "a" {}\noutput "o" { value = upper("${var.a}") }\n')
    (module / "parts").mkdir()
    (module / "parts/page.tpl").write_text("${title}")
    for name in (".terraform.lock.hcl", "terraform.tfstate", "terraform.tfstate.backup"):
        (module / name).write_text("not sent")
    found = read(module, keep=False, a="${parameters.x}")
    assert declared(found) == {"site": ("tf/module", {
        "files": {"main.tf": 'variable "a" {}\noutput "o" { value = upper("$${var.a}") }\n', "parts/page.tpl": "$${title}"},
        "variables": {"a": "${parameters.x}"},
    })}  # fmt: skip
    assert found.resources[0].properties.value["files"].value["main.tf"].file == "site/main.tf"


def test_the_example_becomes_resources() -> None:
    found = read(EXAMPLE)
    assert declared(found) == {
        "started": ("tf/time_static", {"triggers": {"title": "${parameters.title}"}}),
        "page": ("tf/local_file", {
            "filename": "${parameters.root}/index.md", "content": "# ${parameters.title}, since ${started.rfc3339}\n",
            "file_permission": "0644",
        }),
    }  # fmt: skip
    assert {name: (one.type, one.value) for name, one in found.parameters.items()} == {
        "root": ("string", None), "title": ("string", "Orders"),
    }  # fmt: skip
    assert found.notes == ("parameter root has no value yet",)
    assert written(found.outputs["path"]).value == "${page.filename}"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"a$${b}%%{c}\\n\\"\\u00e9"', 'a$${b}%{c}\n"é'), ("[1, -2, 2.5, true, \"x\"]", [1, -2, 2.5, True, "x"]),
        ('{ a = 1, "b c" = [local.title] }', {"a": 1, "b c": ["of ${parameters.env}"]}), ("var.ports", "${parameters.ports}"),
        ("x_net.main.id", "${main.id}"), ('"${x_net.main.list[0].name}-${var.env}"', "${main.list.0.name}-${parameters.env}"),
        ('x_net.main.tags["Name"]', "${main.tags.Name}"), ("<<-END\n    a\n      b\n    END", "a\n  b\n"), ("<<END\n  a\nEND", "  a\n"),
        ("null", None),
    ],
)  # fmt: skip
def test_what_is_simple_comes_to_its_value(expression: str, expected: Any, module: Path) -> None:
    (module / "main.tf").write_text(f'{SIMPLE}resource "x_one" "it" {{\n  value = {expression}\n}}\n')
    assert declared(read(module))["it"][1].get("value") == expected


@pytest.mark.parametrize(
    ("line", "where", "what"),
    [
        ('x = upper("a")', "9:7", "a function"), ('x = var.env == "a" ? 1 : 2', "9:7", "a conditional"),
        ("x = [for p in var.ports : p]", "9:7", "a loop"), ("x = x_net.main.*.id", "9:7", "a splat"), ("x = 1 + 2", "9:7", "an operation"),
        ("x = x_net.main[count.index].id", "9:7", "an index that is evaluated"), ("x = data.x_ami.it.id", "9:7", "data.x_ami.it.id"),
        ("count = 2", "9:11", "count"), ("for_each = {}", "9:14", "for_each"), ('dynamic "b" {}', "9:3", "dynamic"),
        ("lifecycle { ignore_changes = [x] }", "9:32", "lifecycle ignore_changes"), ('x = "%{ if true }a%{ endif }"', "9:8", "a directive"),
        ("provider = x.y", "9:14", "provider"), ("x = local.nothing", "9:7", "local.nothing"),
        ('}\ndata "x_ami" "it" {', "10:1", "data x_ami it"), ('}\nprovider "x" {\n  region = "y"', "10:1", "provider x"),
        ('}\nmodule "m" {\n  source = "./m"', "10:1", "module m"), ('}\noutput "o" {\n  value = 1\n  sensitive = true', "10:1", "an output"),
    ],
)  # fmt: skip
def test_what_is_not_simple_makes_one_unit_of_the_whole(line: str, where: str, what: str, module: Path) -> None:
    (module / "main.tf").write_text(f'{SIMPLE}resource "x_one" "it" {{\n  {line}\n}}\n')
    found = read(module)
    assert list(declared(found)) == ["site"]
    assert found.notes[0].startswith(f"the module is taken over as one unit: site/main.tf:{where}: {what}"), found.notes[0]


def test_values_from_a_command_line_have_the_type_of_the_variable(module: Path) -> None:
    (module / "main.tf").write_text(SIMPLE + 'resource "x_one" "it" {\n  value = var.ports\n  name = var.env\n}\n')
    found = read(module, ports="[22]", env="7")
    assert {name: one.value for name, one in found.parameters.items()} == {"ports": [22], "env": "7"}


def test_a_sensitive_variable_makes_one_unit_of_the_whole(module: Path) -> None:
    (module / "main.tf").write_text(
        SIMPLE + 'variable "key" {\n  sensitive = true\n}\nvariable "n" { description = upper("x") }\n'
    )
    found = read(module)
    assert found.resources[0].properties.value["variables"].value.keys() == {"n"}
    assert found.notes[0] == "the module is taken over as one unit: site/main.tf:8:1: a variable that is sensitive"
    assert found.notes[1] == "variable key is sensitive and has no value: a module takes no secrets"


def test_blocks_are_mappings_and_lists_of_them(module: Path) -> None:
    (module / "main.tf").write_text(
        SIMPLE
        + 'resource "x_one" "main" {\n  rule { port = 1 }\n  rule {\n    port = 2\n    inner { a = "b" }\n  }\n  one { x = 1 }\n}\n'
    )
    found = declared(read(module))
    assert set(found) == {"main-net", "main-one"}
    assert found["main-one"][1] == {"rule": [{"port": 1}, {"port": 2, "inner": {"a": "b"}}], "one": {"x": 1}}


def test_json_says_the_same(module: Path) -> None:
    (module / "main.tf.json").write_text("""{
  "//": "a comment", "variable": {"env": {"default": "dev", "type": "string"}}, "locals": {"t": "of ${var.env}"},
  "resource": {"x_net": {"main": {"cidr": "10.0.0.0/16", "tags": {"t": "${local.t}"}, "lifecycle": {"prevent_destroy": true}}},
               "x_sub": {"in": [{"net": "${x_net.main.id}", "depends_on": ["x_net.main"]}]}},
  "output": {"id": {"value": "${x_sub.in.id}"}}
}""")
    found = read(module)
    assert declared(found) == {
        "main": ("tf/x_net", {"cidr": "10.0.0.0/16", "tags": {"t": "of ${parameters.env}"}}), "in": ("tf/x_sub", {"net": "${main.id}"}),
    }  # fmt: skip
    assert [(one.protect, one.depends_on) for one in found.resources] == [(True, ()), (False, ("main",))]
    assert written(found.outputs["id"]).value == "${in.id}"


REFUSED = {
    "a provisioner": ('resource "a" "b" {\n  provisioner "local-exec" {}\n}\n', "site/main.tf", 2, 3, "provisioner: provisioners run"),
    "a backend": ('terraform {\n  backend "s3" {}\n}\n', "site/main.tf", 2, 3, "backend: the state is kept by DeployForge"),
    "no HCL": ("resource {\n  a = = 1\n}\n", "site/main.tf", 2, 7, "is not HCL"),
    "an unclosed block": ("a {\n", "site/main.tf", 2, 1, "is not HCL"),
}  # fmt: skip


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_never_run_is_refused_in_its_place(case: str, keep: bool, module: Path) -> None:
    text, file, line, column, message = REFUSED[case]
    (module / "main.tf").write_text(text)
    with pytest.raises(InvalidDocument) as refused:
        read(module, keep)
    problem = refused.value.problems[0]
    assert (problem.file, problem.line, problem.column) == (file, line, column)
    assert problem.message.startswith(message)


def test_directories_that_are_no_modules_are_refused_where_they_are_asked_for(module: Path) -> None:
    def refusal(**parameters: Any) -> str:
        with pytest.raises(InvalidDocument) as refused:
            read(module, False, **parameters)
        return str(refused.value)

    assert refusal() == "m.yaml:7:3: site has no .tf file"
    (module / "main.tf").write_text("")
    assert refusal(a="b") == 'given:1:1: the module has no variable "a"'
    (module / "x.auto.tfvars").write_text("a = 1")
    assert "site/x.auto.tfvars: values in a file of their own are not read" in refusal()
    (module / "x.auto.tfvars").unlink()
    (module / "code.zip").write_bytes(b"\xff\xfe")
    assert "site/code.zip is not UTF-8 text" in refusal()
    (module / "code.zip").unlink()
    (module / "link.txt").symlink_to("/etc/hostname")
    assert "site/link.txt leads out of the module" in refusal()
    (module / "link.txt").unlink()
    (module / "big.txt").write_text("x" * (4 << 20))
    (module / "more.txt").write_text("x")
    assert "has more than 4194304 bytes" in refusal()
    with pytest.raises(InvalidDocument, match="is no directory"):
        read(module / "main.tf")
