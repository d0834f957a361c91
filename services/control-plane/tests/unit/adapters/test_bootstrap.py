"""The file of bootstrap tokens."""

from pathlib import Path

import pytest
from deployforge_control_plane.adapters.bootstrap import BadBootstrapFile, read_bootstrap
from deployforge_control_plane.application.access import Bootstrap


def test_no_file_is_no_tokens() -> None:
    assert read_bootstrap(None) == []


def test_a_file_is_a_list_of_grants(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    path.write_text('[{"subject": "alice", "roles": ["admin"], "namespaces": ["*"], "token_hash": "ab"}]')
    assert read_bootstrap(path) == [Bootstrap("alice", ("admin",), ("*",), "ab")]


@pytest.mark.parametrize("text", ["", "{}", '[{"subject": 1}]'])
def test_a_bad_file_stops_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(text)
    with pytest.raises(BadBootstrapFile):
        read_bootstrap(path)
    with pytest.raises(BadBootstrapFile):
        read_bootstrap(tmp_path / "nowhere.json")
