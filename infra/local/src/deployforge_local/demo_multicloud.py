"""`make demo-multicloud`: one deployment over three clouds and OpenTofu, with drift in each and healing in each.

Builds OpenTofu where it is not built yet (about four minutes of a processor), brings the system up, deploys
`examples/multicloud.yaml`, and changes something in every cloud behind DeployForge's back. Exits with 0 only if every
step really happened.
"""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deployforge_local import opentofu, showing, system
from deployforge_local.azure import Azure
from deployforge_local.cloud import Cloud
from deployforge_local.gcp import GoogleCloud
from deployforge_local.settings import LocalSettings
from deployforge_local.showing import Sabotage, StepMissing, Timeline, console

DEPLOYMENT = "storefront/multicloud"
_MANIFEST = Path("examples") / "multicloud.yaml"
#: Where the page of the example lies; each system has its own.
_PAGE = "/var/tmp/deployforge-page.txt"  # noqa: S108

#: Looking, planning, making and looking again are a run of OpenTofu each.
_OPENTOFU_SECONDS = 90.0


def main() -> None:
    """Run the demonstration."""
    showing.run(_steps, _NEXT)


def _steps(timeline: Timeline) -> None:
    settings = LocalSettings()
    _install(settings)
    showing.up(timeline, "Kafka, registry, PostgreSQL, emulated AWS, Azure and Google Cloud, OpenTofu, six services")
    page = settings.data_dir / "page.txt"
    manifest = _MANIFEST.read_text().replace(_PAGE, str(page))
    resources = showing.deploy(manifest.encode(), str(_MANIFEST), 5, timeline)
    showing.heading("3  Drift: a change in each cloud, behind its back")
    showing.heal(DEPLOYMENT, _sabotages(resources, page), timeline)
    showing.remember(
        DEPLOYMENT,
        ("inventory", DEPLOYMENT),
        ("history", DEPLOYMENT),
        ("healing", "incidents", DEPLOYMENT),
    )


def _install(settings: LocalSettings) -> None:
    """OpenTofu, and a system that knows of it. Raises StepMissing."""
    if opentofu.found(settings) is not None:
        return
    try:
        opentofu.install(console.print, settings)
    except (opentofu.GoMissing, opentofu.BuildFailed) as error:
        raise StepMissing(str(error)) from error
    if system.supervisor(settings) is not None:
        console.print("the running system starts again, so that it finds OpenTofu")
        subprocess.run([sys.executable, "-m", "deployforge_local", "down"], check=True)


def _sabotages(resources: Mapping[str, tuple[str, str]], page: Path) -> list[Sabotage]:
    aws, azure, gcp = Cloud.of_this_system(), Azure.of_this_system(), GoogleCloud.of_this_system()
    region, orders = resources["orders"]
    uploads, shipping = resources["uploads"][1], resources["shipping"][1]
    declared = page.read_text()
    return [
        Sabotage(
            "orders",
            "AWS: sets the visibility timeout of queue [bold]orders[/] to 300 s",
            lambda: aws.set_visibility_timeout(region, orders, 300),
            lambda: aws.visibility_timeout(region, orders) == 30,
        ),
        Sabotage(
            "uploads",
            "Azure: opens storage account [bold]uploads[/] to everybody",
            lambda: azure.set_public_access(uploads, True),
            lambda: not azure.has_public_access(uploads),
        ),
        Sabotage(
            "shipping",
            "Google Cloud: sets the acknowledgement deadline of [bold]shipping[/] to 300 s",
            lambda: gcp.set_ack_deadline(shipping, 300),
            lambda: gcp.subscription(shipping)["ackDeadlineSeconds"] == 60,
        ),
        Sabotage(
            "page",
            "the machine: deletes the file [bold]page[/] that OpenTofu wrote",
            page.unlink,
            lambda: page.is_file() and page.read_text() == declared,
            _OPENTOFU_SECONDS,
        ),
    ]


_NEXT = """
[bold green]Every step happened.[/] The system stays up. Next:
  source .venv/bin/activate
  deployforge inventory storefront/multicloud
  deployforge healing incidents          # then: deployforge healing explain ID
  deployforge destroy storefront/multicloud --yes && deployforge approve storefront/multicloud --context bob
  make down"""


if __name__ == "__main__":
    main()
