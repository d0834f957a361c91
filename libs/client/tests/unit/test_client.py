from pathlib import Path

import pytest
from deployforge_client.errors import BadRequest
from deployforge_client.manifests import MANIFEST_LIMIT_BYTES, read_manifest
from deployforge_client.naming import reference, resource_reference


def test_a_reference_is_namespace_slash_name() -> None:
    assert (reference("a/b").namespace, reference("a/b").name) == ("a", "b")


@pytest.mark.parametrize("text", ["", "a", "a/", "/b"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="does not name a deployment"):
        reference(text)


@pytest.mark.parametrize("text", ["a/b/c", "urn:df:a:b:c"])
def test_a_resource_is_named_by_its_place_or_its_urn(text: str) -> None:
    deployment, resource = resource_reference(text)
    assert (deployment.namespace, deployment.name, resource) == ("a", "b", "c")


@pytest.mark.parametrize("text", ["", "a/b", "a//c", "urn:df:a:b", "urn:df:a:b:c:d", "a/b/c/d"])
def test_anything_else_is_no_resource(text: str) -> None:
    with pytest.raises(BadRequest, match="does not name a resource"):
        resource_reference(text)


def test_a_manifest_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    with path.open("wb") as file:
        file.truncate(MANIFEST_LIMIT_BYTES + 1)
    with pytest.raises(BadRequest, match="8,388,609 bytes, expected at most 8,388,608"):
        read_manifest(path)


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"nothing\.yaml"):
        read_manifest(tmp_path / "nothing.yaml")
