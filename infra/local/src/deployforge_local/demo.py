"""`make demo`: the whole loop, for real, in about a minute.

Brings the system up, deploys `examples/webshop.yaml` with one approval, changes three things behind DeployForge's
back with plain boto3, and shows each one detected and healed. Exits with 0 only if every step really happened.
"""

from collections.abc import Mapping
from pathlib import Path

from deployforge_local import showing
from deployforge_local.cloud import Cloud
from deployforge_local.showing import Sabotage, Timeline

DEPLOYMENT = "storefront/webshop"
_MANIFEST = Path("examples") / "webshop.yaml"


def main() -> None:
    """Run the demonstration."""
    showing.run(_steps, _NEXT)


def _steps(timeline: Timeline) -> None:
    showing.up(timeline, "Kafka, registry, PostgreSQL, an emulated AWS, six services")
    resources = showing.deploy(_MANIFEST.read_bytes(), str(_MANIFEST), 8, timeline)
    showing.heading("3  Drift: three changes with plain boto3, behind its back")
    showing.heal(DEPLOYMENT, _sabotages(Cloud.of_this_system(), resources), timeline)
    showing.remember(
        DEPLOYMENT,
        ("history", DEPLOYMENT),
        ("diff", DEPLOYMENT, "1"),
        ("healing", "incidents", DEPLOYMENT),
        ("audit", "list", DEPLOYMENT, "--size", "12"),
    )


def _sabotages(cloud: Cloud, resources: Mapping[str, tuple[str, str]]) -> list[Sabotage]:
    region, orders = resources["orders"]
    sg_region, web = resources["web"]
    us, alarms = resources["alarms"]
    return [
        Sabotage(
            "web",
            "opens security group [bold]web[/] to the world (22/tcp from 0.0.0.0/0)",
            lambda: cloud.open_to_the_world(sg_region, web, 22),
            lambda: not cloud.is_open_to_the_world(sg_region, web),
        ),
        Sabotage(
            "orders",
            "sets the visibility timeout of queue [bold]orders[/] to 300 s",
            lambda: cloud.set_visibility_timeout(region, orders, 300),
            lambda: cloud.visibility_timeout(region, orders) == 30,
        ),
        Sabotage(
            "alarms",
            "deletes topic [bold]alarms[/]",
            lambda: cloud.delete_topic(us, alarms),
            lambda: cloud.has_topic_named(us, "Webshop alarms"),
        ),
    ]


_NEXT = """
[bold green]Every step happened.[/] The system stays up. Next:
  source .venv/bin/activate
  deployforge inventory storefront/webshop
  deployforge healing incidents          # then: deployforge healing explain ID
  deployforge init && deployforge apply deployforge.yaml
  deployforge destroy storefront/webshop --yes && deployforge approve storefront/webshop --context bob
  make down"""


if __name__ == "__main__":
    main()
