"""`make demo`: the whole loop, for real, in about a minute.

Brings the system up, deploys `examples/webshop.yaml` with one approval, changes three things behind DeployForge's
back with plain boto3, and shows each one detected and healed. Exits with 0 only if every step really happened.
"""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_client import DeployForge, DeployForgeError, load_contexts
from deployforge_client.deployments import TERMINAL
from rich.console import Console
from rich.table import Table

from deployforge_local import hsm
from deployforge_local.cloud import Cloud

DEPLOYMENT = "storefront/webshop"
#: Each change must be healed this long after it was made.
HEALED_WITHIN_SECONDS = 30.0
_MANIFEST = Path("examples") / "webshop.yaml"

console = Console(width=None if sys.stdout.isatty() else 160)


class StepMissing(Exception):
    """Something that the demonstration promises did not happen."""


@dataclass
class Sabotage:
    """A change made behind DeployForge's back, and what came of it (seconds after the change)."""

    resource: str
    what: str
    change: Callable[[], None]
    healed: Callable[[], bool]
    changed_at: float = 0.0
    detected_s: float | None = None
    closed_s: float | None = None
    healed_s: float | None = None
    severity: str = ""
    attributes: str = ""
    impact: str = ""
    remedy: str = ""


@dataclass
class Timeline:
    """What happened when, in seconds since the start."""

    started: float = field(default_factory=time.monotonic)
    rows: list[tuple[float, str, str]] = field(default_factory=list)

    def add(self, who: str, what: str) -> None:
        """Note and print one line."""
        at = time.monotonic() - self.started
        self.rows.append((at, who, what))
        console.print(f"[dim]{at:7.2f} s[/]  [cyan]{who:>14}[/]  {what}", highlight=False)


def main() -> None:
    """Run the demonstration."""
    timeline = Timeline()
    try:
        _up(timeline)
        with DeployForge(load_contexts("alice")) as alice, DeployForge(load_contexts("bob")) as bob:
            _deploy(alice, bob, timeline)
            _sabotage_and_heal(alice, timeline)
        with DeployForge(load_contexts("admin")) as admin:
            _remember(admin)
    except StepMissing as missing:
        console.print(f"\n[bold red]not shown:[/] {missing}")
        sys.exit(1)
    console.print(_NEXT)


def _heading(text: str) -> None:
    console.print(f"\n[bold]{text}[/]")


def _up(timeline: Timeline) -> None:
    _heading("1  Start: Kafka, registry, PostgreSQL, an emulated AWS, six services")
    if not hsm.install(console.print):
        console.print("going on with key files instead of an HSM", style="dim")
    if subprocess.run([sys.executable, "-m", "deployforge_local", "up"], check=False).returncode:
        raise StepMissing("the system did not come up; see `make status` and the logs it names")
    timeline.add("system", "up")


def _deploy(alice: DeployForge, bob: DeployForge, timeline: Timeline) -> None:
    _heading(f"2  Declare, plan, approve, execute, verify: alice deploys {_MANIFEST}")
    asked = alice.submit(_MANIFEST.read_bytes(), file=str(_MANIFEST))
    timeline.add("alice", f"submits {_MANIFEST} (request {asked.request_id})")
    approved = False
    for event in alice.watch(request_id=asked.request_id, until_done=True, timeout_seconds=180):
        if event.type in ("OperationProgressed", "CredentialIssued", "ResourceVerified"):
            continue
        timeline.add(event.source, f"{event.type}  [dim]{event.summary}[/]")
        if event.type == "ApprovalRequested" and not approved:
            approved = True
            request = bob.get(asked.request_id)
            bob.approve(asked.request_id, request.plan.plan_digest, "looks right")
            timeline.add("bob", f"approves plan {request.plan.plan_digest[:19]}…")
        if event.state in TERMINAL:
            break
    request = alice.get(asked.request_id)
    if request.state != cp.REQUEST_STATE_SUCCEEDED:
        raise StepMissing(f"the deployment ended as {cp.RequestState.Name(request.state)}: {request.reason}")
    inventory = alice.inventory(request.deployment).items
    if len(inventory) < 8:
        raise StepMissing(f"at least 8 resources in the inventory, found {len(inventory)}")
    timeline.add("state-manager", f"version {request.version}: {len(inventory)} resources in two regions")


def _sabotage_and_heal(alice: DeployForge, timeline: Timeline) -> None:
    _heading("3  Drift: three changes with plain boto3, behind its back")
    cloud = Cloud.of_this_system()
    where = {item.urn.rsplit(":", 1)[-1]: item for item in alice.inventory(alice.latest(DEPLOYMENT).deployment).items}
    attacks = _sabotages(cloud, {name: (item.location, item.physical_id) for name, item in where.items()})
    waiting = {attack.resource: attack for attack in attacks}
    begin = max(event_position(alice), 0)
    for attack in attacks:
        attack.changed_at = time.monotonic()
        attack.change()
        timeline.add("somebody", attack.what)

    stop = threading.Event()
    watcher = threading.Thread(target=_watch_quietly, args=(alice, begin, waiting, timeline, stop), daemon=True)
    watcher.start()
    deadline = time.monotonic() + HEALED_WITHIN_SECONDS + 5
    while time.monotonic() < deadline and not all(a.healed_s is not None and a.closed_s for a in attacks):
        for attack in attacks:
            if attack.healed_s is None and attack.detected_s is not None and attack.healed():
                attack.healed_s = time.monotonic() - attack.changed_at
        time.sleep(0.2)
    stop.set()
    _show_healing(attacks)
    for attack in attacks:
        if attack.healed_s is None or attack.healed_s > HEALED_WITHIN_SECONDS:
            raise StepMissing(f"{attack.resource} healed within {HEALED_WITHIN_SECONDS:g} s: {attack.what}")
        if not attack.closed_s:
            raise StepMissing(f"the incident about {attack.resource} closed")


def event_position(client: DeployForge) -> int:
    """The position of the newest event of the deployment."""
    newest = 0
    for event in client.watch(request_id=client.latest(DEPLOYMENT).request_id, until_done=True, timeout_seconds=20):
        newest = event.position
    return newest


def _sabotages(cloud: Cloud, resources: dict[str, tuple[str, str]]) -> list[Sabotage]:
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


def _watch_quietly(
    client: DeployForge, after: int, waiting: dict[str, Sabotage], timeline: Timeline, stop: threading.Event
) -> None:
    # The stream ends with the time that healing is given, or with the connection; both are judged elsewhere.
    with contextlib.suppress(DeployForgeError, ValueError):
        _watch_healing(client, after, waiting, timeline, stop)


def _watch_healing(
    client: DeployForge, after: int, waiting: dict[str, Sabotage], timeline: Timeline, stop: threading.Event
) -> None:
    for event in client.watch(deployment=DEPLOYMENT, after=after, timeout_seconds=HEALED_WITHIN_SECONDS + 5):
        if stop.is_set():
            return
        fact = json.loads(event.fact_json or "{}")
        attack = waiting.get(str(fact.get("urn", "")).rsplit(":", 1)[-1])
        if attack is None:
            continue
        seconds = time.monotonic() - attack.changed_at
        match event.type:
            case "DriftDetected":
                if attack.detected_s is None:
                    attack.detected_s = seconds
                attack.severity = str(fact["severity"]).lower()
                attack.attributes = ", ".join(a["path"] for a in fact["attributes"]) or fact["kind"].lower()
                attack.impact = ", ".join(i["urn"].rsplit(":", 1)[-1] for i in fact["impact"]) or "-"
            case "RemedyChosen":
                attack.remedy = fact["remedy"]
            case "IncidentClosed":
                attack.closed_s = seconds
            case "DriftResolved" | "IncidentOpened":
                pass
            case _:
                continue
        timeline.add(event.source, f"{event.type}  [dim]{event.summary}[/]")


def _show_healing(attacks: list[Sabotage]) -> None:
    table = Table(box=None, header_style="bold", title="seconds after each change", title_justify="left")
    for column in ("resource", "severity", "attributes", "impact", "detected", "remedy", "healed", "closed"):
        table.add_column(column)
    for a in attacks:
        table.add_row(
            a.resource,
            a.severity or "-",
            a.attributes or "-",
            a.impact or "-",
            *(f"{s:.1f}" if s is not None else "[red]no[/]" for s in (a.detected_s,)),
            a.remedy or "-",
            *(f"{s:.1f}" if s is not None else "[red]no[/]" for s in (a.healed_s, a.closed_s)),
        )
    console.print(table)


def _remember(admin: DeployForge) -> None:
    _heading("4  Remember: history, difference, audit")
    for command in (
        ("history", DEPLOYMENT),
        ("diff", DEPLOYMENT, "1"),
        ("healing", "incidents", DEPLOYMENT),
        ("audit", "list", DEPLOYMENT, "--size", "12"),
    ):
        console.print(f"\n[green]$[/] deployforge {' '.join(command)}")
        shown = subprocess.run(
            [sys.executable, "-m", "deployforge_cli.main", *command, "--context", "admin"],
            capture_output=True,
            text=True,
            check=False,
        )
        sys.stdout.write(shown.stdout)
        sys.stdout.flush()
        if shown.returncode:
            raise StepMissing(f"`deployforge {' '.join(command)}` answered: {shown.stderr.strip()}")
    if len(admin.history(DEPLOYMENT).versions) < 2:
        raise StepMissing("the heals in the history")


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
