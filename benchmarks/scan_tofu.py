"""The peer: OpenTofu, which looks at the same resources by a plan that only refreshes.

Its provider is the newest one of AWS that can be built as a Go module (1.60, of 2019): its publishers leave the
module out of what comes later.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from deployforge_local import opentofu
from deployforge_local.settings import LocalSettings
from scan_fleet import REGION, Made

_VERSION: Final = "1.60.0"
_AWS: Final = opentofu.Program("aws", "github.com/terraform-providers/terraform-provider-aws")
_SECONDS: Final = 600
_PARALLELISM: Final = "-parallelism=50"
#: Ours → what the provider calls it.
_TYPES: Final = {
    "Queue": "aws_sqs_queue", "Topic": "aws_sns_topic", "Table": "aws_dynamodb_table", "ObjectStore": "aws_s3_bucket",
}  # fmt: skip


def installed(say: Callable[[str], None]) -> tuple[Path, Path]:
    """OpenTofu and its mirror with the provider of AWS in it. Raises GoMissing or BuildFailed."""
    found = opentofu.install(say)
    cache = LocalSettings().cache_dir / "opentofu"
    program = opentofu.build(cache, Path(__file__).with_name("opentofu_aws"), _AWS, say)
    opentofu.place(found.mirror, "hashicorp", _AWS.name, _VERSION, program)
    return found.program, found.mirror


class Workspace:
    """A directory whose state knows the resources."""

    def __init__(
        self, directory: Path, program: Path, mirror: Path, endpoint: str, key: str, fleet: Sequence[Made]
    ) -> None:
        self._directory, self._program = directory, program
        directory.mkdir()
        config = directory / "tofu.rc"
        config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
        self._environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(config), "TF_IN_AUTOMATION": "1"}
        (directory / "main.tf.json").write_text(json.dumps(_configuration(endpoint, key)))
        (directory / "terraform.tfstate").write_text(json.dumps(_state(fleet)))
        self._run("init", "-no-color")
        # From here on the state holds all that the provider reads, as after an apply.
        self._run("apply", "-refresh-only", "-auto-approve", "-no-color", _PARALLELISM)
        known = json.loads((directory / "terraform.tfstate").read_text())["resources"]
        if len(known) != len(fleet):
            raise RuntimeError(f"OpenTofu has found {len(known)} of {len(fleet)} resources")

    def plan(self) -> float:
        """Seconds that a look at all of them takes. Raises RuntimeError when something has changed."""
        began = time.perf_counter()
        said = self._run("plan", "-refresh-only", "-no-color", _PARALLELISM)
        seconds = time.perf_counter() - began
        if "No changes" not in said:
            raise RuntimeError(f"OpenTofu sees changes: {said[-2000:]}")
        return seconds

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(self._program), *arguments], cwd=self._directory, env=self._environment, capture_output=True, text=True,
            timeout=_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"tofu {arguments[0]}: {done.stderr[-2000:]}")
        return done.stdout


def _configuration(endpoint: str, key: str) -> dict[str, Any]:
    services = ("sqs", "sns", "dynamodb", "s3", "sts", "iam")
    aws = {
        "region": REGION, "access_key": key, "secret_key": key, "skip_credentials_validation": True,
        "skip_requesting_account_id": True, "skip_metadata_api_check": True, "skip_region_validation": True,
        "s3_force_path_style": True, "endpoints": [dict.fromkeys(services, endpoint)],
    }  # fmt: skip
    needed = {"required_providers": {"aws": {"source": "hashicorp/aws", "version": _VERSION}}}
    return {"terraform": needed, "provider": {"aws": aws}}


def _state(fleet: Sequence[Made]) -> Mapping[str, Any]:
    return {
        "version": 4, "terraform_version": "1.6.0", "serial": 1, "lineage": str(uuid4()), "outputs": {},
        "resources": [_known(one) for one in fleet],
    }  # fmt: skip


def _known(one: Made) -> dict[str, Any]:
    attributes: dict[str, Any] = {"id": one.physical_id}
    if one.compiled.type == "ObjectStore":
        attributes["bucket"] = one.physical_id
    return {
        "mode": "managed", "type": _TYPES[one.compiled.type], "name": one.compiled.name,
        "provider": 'provider["registry.opentofu.org/hashicorp/aws"]',
        "instances": [{"schema_version": 0, "attributes": attributes}],
    }  # fmt: skip
