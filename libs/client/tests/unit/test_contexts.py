from pathlib import Path

import pytest
from deployforge_client import load_contexts
from deployforge_client.contexts import contexts_file
from deployforge_client.errors import NoContext

_FILE = """
current: alice
contexts:
  alice: {server: "127.0.0.1:7410", tlsDir: /tls, token: dft_a_secret}
  bob: {server: "127.0.0.1:7410", tlsDir: /tls, token: dft_b_secret}
  broken: {server: "127.0.0.1:7410"}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "contexts.yaml"
    path.write_text(_FILE)
    return path


def test_the_current_context_is_the_default(file: Path) -> None:
    assert load_contexts(path=file, environment={}).name == "alice"


def test_a_name_beats_the_environment_which_beats_the_file(file: Path) -> None:
    assert load_contexts(path=file, environment={"DEPLOYFORGE_CONTEXT": "bob"}).name == "bob"
    assert load_contexts("alice", path=file, environment={"DEPLOYFORGE_CONTEXT": "bob"}).name == "alice"


def test_an_unknown_context_names_the_known_ones(file: Path) -> None:
    with pytest.raises(NoContext) as refused:
        load_contexts("carol", path=file, environment={})
    assert "alice, bob" in refused.value.hint


def test_an_incomplete_context_says_what_is_missing(file: Path) -> None:
    with pytest.raises(NoContext, match="tlsDir"):
        load_contexts("broken", path=file, environment={})


def test_a_token_is_not_shown(file: Path) -> None:
    assert "secret" not in repr(load_contexts(path=file, environment={}))


def test_the_nearest_file_above_the_working_directory_is_found(tmp_path: Path) -> None:
    (tmp_path / ".deployforge").mkdir()
    (tmp_path / ".deployforge" / "contexts.yaml").write_text(_FILE)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert contexts_file({}, below) == tmp_path / ".deployforge" / "contexts.yaml"


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    assert contexts_file({"DEPLOYFORGE_CONTEXTS": "/x.yaml"}, tmp_path) == Path("/x.yaml")
    assert contexts_file({"DEPLOYFORGE_HOME": "/h"}, tmp_path) == Path("/h/contexts.yaml")
