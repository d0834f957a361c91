"""What a declared resource takes from others, by path."""

import json
from dataclasses import replace

from deployforge_state_manager.domain.references import Reference, references

from .test_resource import STATE


def test_references_are_found_wherever_a_declaration_may_hold_them() -> None:
    spec = {
        "properties": {"rules": [{"group": "${wall.id}"}], "text": "$${not.one} ${q.arn}", "plain": 1},
        "native": {"Policy": {"Resource": "${dead.arn}/${wall.id}"}},
        "initial": {"password": "${secret.value}"},
        "explicit": ["other"],
    }
    found = references(replace(STATE, spec_json=json.dumps(spec)))
    assert found == [
        Reference("initial.password", "urn:df:front:shop:secret", "value"),
        Reference("native.Policy.Resource", "urn:df:front:shop:dead", "arn"),
        Reference("native.Policy.Resource", "urn:df:front:shop:wall", "id"),
        Reference("rules[0].group", "urn:df:front:shop:wall", "id"),
    ]
    assert references(replace(STATE, spec_json="")) == []
