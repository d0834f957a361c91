"""CloudFormation templates that others have written: cfn-lint's own good ones.

They are in its source distribution alone, which the lock file names with a checksum; it is kept beside the other artifacts.
"""

import hashlib
import shutil
import subprocess
import tarfile
import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from deployforge_local.settings import LocalSettings

ROOT: Final = Path(__file__).parents[1]
_GOOD: Final = "/test/fixtures/templates/good/"


@cache
def good_templates() -> dict[str, str]:
    """Path → text."""
    found = {}
    with tarfile.open(_source("cfn-lint")) as archive:
        for member in archive:
            _, good, name = member.name.partition(_GOOD)
            if good and name.endswith((".yaml", ".yml", ".json")):
                content = archive.extractfile(member)
                assert content is not None
                found[name] = content.read().decode()
    return found


def _source(package: str) -> Path:
    """The source distribution that the lock file names."""
    locked = next(one for one in tomllib.loads((ROOT / "uv.lock").read_text())["package"] if one["name"] == package)
    wanted = locked["sdist"]["hash"].removeprefix("sha256:")
    kept = LocalSettings().cache_dir / "sources" / wanted
    if not kept.exists():
        uv = shutil.which("uv") or ROOT / ".deployforge-tools/bin/uv"
        fetch = (uv, "tool", "run", "--quiet", "pip", "download", "--quiet", "--no-deps", "--no-binary", package)
        into = kept.with_suffix(".part")
        subprocess.run([*fetch, "--dest", into, f"{package}=={locked['version']}"], check=True, timeout=300)
        [archive] = into.iterdir()
        assert hashlib.sha256(archive.read_bytes()).hexdigest() == wanted, f"{archive.name} is not what was locked"
        archive.rename(kept)
        shutil.rmtree(into)
    return kept
