"""The contract of providers on the example adapter: all that its author writes. docs/guide/providers.md."""

import json
from pathlib import Path

from deployforge_mcal.domain.units import Scope
from deployforge_mcal.testing.stage import Stage, provider_stage
from directory_provider import LARGEST, DirectoryProvider


@provider_stage("directory")
def directory(tmp_path: Path) -> Stage:
    """Files in a directory."""

    def tamper(id: str, number: int) -> None:
        held = json.loads((tmp_path / id).read_text())
        (tmp_path / id).write_text(json.dumps({**held, "properties": {**held["properties"], "number": number}}))

    return Stage(
        DirectoryProvider(),
        {"directory": str(tmp_path)},
        Scope("directory", "", "", "directory-test"),
        "directory/File",
        "number",
        refused={"number": LARGEST + 1},
        tamper=tamper,
        vanish=lambda id: (tmp_path / id).unlink(),
    )
