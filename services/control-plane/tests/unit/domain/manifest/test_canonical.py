"""One form for everything that means the same."""

import json
import random
from typing import Any

from deployforge_chassis import canonical as canon
from deployforge_control_plane.domain.manifest.manifest import parse, place
from hypothesis import given, settings
from hypothesis import strategies as st

PROVIDER = {"type": "aws", "region": "eu-west-1", "account": "000000000000", "credentialRef": "local"}


def manifest(**spec: Any) -> dict[str, Any]:
    """A valid manifest with one queue; `spec` replaces or adds to its parts."""
    return {
        "apiVersion": "deployforge.io/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop", "namespace": "front"},
        "spec": {"providers": {"aws": PROVIDER}, "resources": [{"name": "a", "type": "Queue"}], **spec},
    }


def canonical(data: Any) -> Any:
    return parse(json.dumps(data).encode()).canonical


def test_defaults_are_filled_in() -> None:
    assert canonical(manifest()) == {
        "apiVersion": "deployforge.io/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop", "namespace": "front", "labels": {}},
        "parameters": {},
        "providers": {
            "aws": {"type": "aws", "account": "000000000000", "location": "eu-west-1", "credentialRef": "local"}
        },
        "resources": [
            {
                "name": "a", "type": "Queue", "provider": "aws", "properties": {}, "native": {}, "initial": {},
                "criticality": "normal", "lifecycle": {"protect": False, "retainOnDelete": False}, "import": None,
                "dependsOn": [],
            }
        ],
        "policies": [],
        "drift": {"every": 60, "ignore": [], "severity": []},
        "healing": {
            "mode": "propose", "maxSeverity": "degraded", "windows": [],
            "limits": {"maxResources": 5, "maxPercent": 10, "perHour": 20, "flap": {"count": 3, "within": 1800}},
            "ladder": ["retry", "correct", "rollback", "recreate", "alert"],
        },
        "approval": {"required": 0, "distinctFromAuthor": True, "expires": 14400, "reapproveOnChange": True},
        "outputs": {},
    }  # fmt: skip


WHEN = {"path": "size", "reason": "it scales", "when": {"found": "increased", "atMost": 10, "oneOf": [4, "x", True]}}


def test_durations_are_seconds_and_rules_are_complete() -> None:
    found = canonical(
        manifest(
            drift={
                "every": "5m",
                "ignore": [{"path": "tags.x/*", "reason": "theirs"}, WHEN],
                "severity": [{"resource": "a", "path": "**.public*", "level": "critical"}],
            },
            healing={"limits": {"flap": {"within": "2d"}}},
            approval={"expires": 90},
            policies=[{"ref": "org/encryption"}],
        )
    )
    assert found["drift"]["every"] == 300
    assert found["drift"]["ignore"] == [
        {"resource": "*", "path": "tags.x/*", "reason": "theirs", "until": None}, {**WHEN, "resource": "*", "until": None},
    ]  # fmt: skip
    assert found["healing"]["limits"]["flap"] == {"count": 3, "within": 172800}
    assert found["approval"]["expires"] == 90
    assert found["policies"] == [{"ref": "org/encryption", "params": {}}]


def test_parameters_are_put_in_their_places_and_secrets_are_not() -> None:
    resource = {
        "name": "a",
        "type": "Queue",
        "properties": {
            "size": "${parameters.size}",
            "label": "n-${parameters.size}-${parameters.on}",
            "odd": "${parameters.odd}",
            "password": "${parameters.password}",
            "other": "${a2.arn}",
            "literal": "$${parameters.size}",
        },
    }
    found = canonical(
        manifest(
            parameters={
                "size": {"type": "integer", "default": 3, "value": 5},
                "on": {"type": "boolean", "default": True},
                "odd": {"type": "string", "value": "${a2.arn}"},
                "password": {"type": "secret", "from": "secret://file/shop/db"},
            },
            resources=[resource, {"name": "a2", "type": "Topic"}],
            outputs={"size": "size ${parameters.size}"},
        )
    )
    assert found["resources"][0]["properties"] == {
        "size": 5,
        "label": "n-5-true",
        "odd": "$${a2.arn}",
        "password": "${secret://file/shop/db}",
        "other": "${a2.arn}",
        "literal": "$${parameters.size}",
    }
    assert found["outputs"] == {"size": "size 5"}
    assert found["parameters"]["password"] == {"type": "secret", "from": "secret://file/shop/db"}


def test_every_provider_says_account_and_location() -> None:
    found = canonical(
        manifest(
            providers={
                "az": {
                    "type": "azure", "location": "westeurope", "subscription": "s-1", "resourceGroup": "shop",
                    "credentialRef": "az",
                },
                "gcp": {"type": "gcp", "project": "p-1", "region": "europe-west1", "credentialRef": "g"},
                "old": {
                    "type": "gcp", "engine": "deployment-manager", "project": "p-1", "region": "europe-west1",
                    "credentialRef": "g",
                },
                "tf": {"type": "terraform", "credentialRef": "t"},
            },
            resources=[{"name": "a", "type": "az/Microsoft.Storage/storageAccounts"}],
        )
    )  # fmt: skip
    providers = found["providers"]
    assert providers["az"] == {
        "type": "azure", "account": "s-1/shop", "location": "westeurope", "credentialRef": "az",
    }  # fmt: skip
    assert (providers["gcp"]["account"], providers["gcp"]["location"]) == ("p-1", "europe-west1")
    assert (providers["gcp"]["type"], providers["old"]["type"]) == ("gcp", "gcp-deployment-manager")
    assert (providers["tf"]["account"], providers["tf"]["location"]) == ("", "")
    assert found["resources"][0]["provider"] == "az"


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(
    st.characters(codec="utf-8", exclude_characters="$", exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp")),
    max_size=12,
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
MANIFESTS = st.builds(
    lambda names, properties, every, required: manifest(
        resources=[
            {"name": name, "type": "Queue", "properties": properties, "dependsOn": names[:index]}
            for index, name in enumerate(names)
        ],
        drift={"every": every},
        approval={"required": required},
    ),
    st.lists(NAMES.filter(lambda name: name != "parameters"), min_size=1, max_size=4, unique=True),
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.integers(1, 999).flatmap(lambda n: st.sampled_from([n, f"{n}s", f"{n}m", f"{n}h"])),
    st.integers(0, 3),
)


def spelled(found: Any) -> dict[str, Any]:
    """A canonical manifest spelled as a manifest again."""
    spec = {key: value for key, value in found.items() if key not in ("apiVersion", "kind", "metadata")}
    spec["providers"] = {"aws": PROVIDER}
    return {"apiVersion": found["apiVersion"], "kind": found["kind"], "metadata": found["metadata"], "spec": spec}


@settings(max_examples=60)
@given(MANIFESTS)
def test_the_canonical_form_is_stable(data: dict[str, Any]) -> None:
    found = canonical(data)
    assert json.loads(canon.dumps(found)) == found
    assert canonical(spelled(found)) == found


@settings(max_examples=60)
@given(MANIFESTS, st.randoms(use_true_random=False))
def test_the_order_of_keys_and_resources_does_not_change_the_digest(data: dict[str, Any], rnd: random.Random) -> None:
    shuffled = _shuffled(data, rnd)
    rnd.shuffle(shuffled["spec"]["resources"])
    assert canon.digest(canon.dumps(canonical(shuffled))) == canon.digest(canon.dumps(canonical(data)))


def _shuffled(value: Any, rnd: random.Random) -> Any:
    if isinstance(value, dict):
        items = list(value.items())
        rnd.shuffle(items)
        return {key: _shuffled(child, rnd) for key, child in items}
    return [_shuffled(child, rnd) for child in value] if isinstance(value, list) else value


def test_places_lead_to_the_property_or_to_what_holds_it() -> None:
    resource = {"name": "a", "type": "Queue", "properties": {"x": {"y": [1, 2]}}}
    text = json.dumps(manifest(resources=[resource]), indent=1)
    places = parse(text.encode()).places
    lines = text.splitlines()
    for path in ("a.properties.x", "a.properties.x.y", "a.properties.x.y[1]"):
        assert place(places, path)[0] > 0
    line, column = place(places, "a.properties.x.y[7].z")
    assert lines[line - 1][column - 1 :].startswith('"y"')
    assert place(places, "nobody.properties.x") == (0, 0)
