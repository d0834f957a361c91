"""Modules as declared."""

from typing import Any

import pytest
from deployforge_mcal.domain.units import ResourceSpec
from deployforge_terraform import modules

MAIN = 'variable "who" {}\noutput "greeting" {\n  value = "hello $${var.who}"\n}\n'


def module(**properties: Any) -> ResourceSpec:
    return ResourceSpec("urn:m", "m", "tf/module", properties)


def test_a_module_with_its_variables_is_fine() -> None:
    assert modules.problems(module(files={"main.tf": MAIN, "parts/x.tf.json": "{}"}, variables={"who": "me"})) == []
    assert modules.files(module(files={"main.tf": MAIN}))["main.tf"].count("${var.who}") == 1
    assert modules.outputs({"main.tf": MAIN, "o.tf.json": '{"output": {"more": {"value": 1}}}'}) == ("greeting", "more")


@pytest.mark.parametrize(
    ("properties", "path", "said"),
    [
        ({}, "m.properties.files", "needs files"),
        ({"files": {"../x.tf": ""}}, "m.properties.files.../x.tf", "no path inside"),
        ({"files": {"main.tf": MAIN}, "variables": {"whom": 1}}, "m.properties.variables.whom", "no variable whom"),
        ({"files": {"main.tf.json": "{"}}, "m.properties.files.main.tf.json", "is not JSON"),
        ({"files": {"main.tf": "${a.b}"}}, "m.properties.files", "holds a reference"),
        ({"files": {"main.tf": MAIN}, "source": "git"}, "m.properties.source", "no property source"),
        ({"files": {"m.tf": '\n/**/ provisioner "local-exec" {}'}}, "m.properties.files.m.tf", "line 2: provisioners"),
        ({"files": {"m.tf.json": '{"provisioner": {}}'}}, "m.properties.files.m.tf.json", "provisioners"),
        ({"files": {"m.tf": 'terraform {\n  backend "local" {}\n}'}}, "m.properties.files.m.tf", "line 2: the state"),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_place(properties: dict[str, Any], path: str, said: str) -> None:
    found = [p for p in modules.problems(module(**properties)) if p.path == path]
    assert found
    assert said in found[0].message
