"""What demonstrations share: the system comes up, a manifest is applied, what was changed behind its back is put back.

Every step is shown as it happens, and none is taken for granted: StepMissing says what did not happen.
"""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_client import DeployForge, DeployForgeError, load_contexts
from deployforge_client.deployments import TERMINAL
from rich.console import Console
from rich.table import Table

from deployforge_local import hsm

#: Each change must be healed this long after it was made, unless it says otherwise.
HEALED_WITHIN_SECONDS = 30.0
#: What is healed is read again, and then its incident is closed.
_CLOSED_SECONDS = 15.0

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
    within_seconds: float = HEALED_WITHIN_SECONDS
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


def run(steps: Callable[[Timeline], None], then: str) -> None:
    """Run a demonstration and say what to type next; exits with 1 when a step is missing."""
    try:
        steps(Timeline())
    except StepMissing as missing:
        console.print(f"\n[bold red]not shown:[/] {missing}")
        sys.exit(1)
    console.print(then)


def heading(text: str) -> None:
    """Begin a part."""
    console.print(f"\n[bold]{text}[/]")


def up(timeline: Timeline, with_what: str) -> None:
    """Start the system. Raises StepMissing."""
    heading(f"1  Start: {with_what}")
    if not hsm.install(console.print):
        console.print("going on with key files instead of an HSM", style="dim")
    if subprocess.run([sys.executable, "-m", "deployforge_local", "up"], check=False).returncode:
        raise StepMissing("the system did not come up; see `make status` and the logs it names")
    timeline.add("system", "up")


def deploy(manifest: bytes, file: str, resources: int, timeline: Timeline) -> Mapping[str, tuple[str, str]]:
    """Alice submits, bob approves; location and physical id by name of at least so many resources. Raises StepMissing."""
    heading(f"2  Declare, plan, approve, execute, verify: alice deploys {file}")
    with DeployForge(load_contexts("alice")) as alice, DeployForge(load_contexts("bob")) as bob:
        asked = alice.submit(manifest, file=file)
        timeline.add("alice", f"submits {file} (request {asked.request_id})")
        _follow(alice, bob, asked.request_id, timeline)
        request = alice.get(asked.request_id)
        if request.state != cp.REQUEST_STATE_SUCCEEDED:
            raise StepMissing(f"the deployment ended as {cp.RequestState.Name(request.state)}: {request.reason}")
        items = alice.inventory(request.deployment).items
    if len(items) < resources:
        raise StepMissing(f"at least {resources} resources in the inventory, found {len(items)}")
    places = sorted({f"{item.provider} {item.location}".strip() for item in items})
    version = f"version {request.version}" if request.version else "nothing had to change"
    timeline.add("state-manager", f"{version}: {len(items)} resources in {', '.join(places)}")
    return {item.urn.rsplit(":", 1)[-1]: (item.location, item.physical_id) for item in items}


def _follow(alice: DeployForge, bob: DeployForge, request_id: str, timeline: Timeline) -> None:
    approved = False
    for event in alice.watch(request_id=request_id, until_done=True, timeout_seconds=180):
        if event.type in ("OperationProgressed", "CredentialIssued", "ResourceVerified"):
            continue
        timeline.add(event.source, f"{event.type}  [dim]{event.summary}[/]")
        if event.type == "ApprovalRequested" and not approved:
            approved = True
            request = bob.get(request_id)
            bob.approve(request_id, request.plan.plan_digest, "looks right")
            timeline.add("bob", f"approves plan {request.plan.plan_digest[:19]}…")
        if event.state in TERMINAL:
            return


def heal(deployment: str, attacks: Sequence[Sabotage], timeline: Timeline) -> None:
    """Make the changes, and see each one detected, healed and closed. Raises StepMissing."""
    with DeployForge(load_contexts("alice")) as client:
        begin = _position(client, deployment)
        for attack in attacks:
            attack.changed_at = time.monotonic()
            attack.change()
            timeline.add("somebody", attack.what)
        stop = threading.Event()
        watched = (client, deployment, begin, {attack.resource: attack for attack in attacks}, timeline, stop)
        threading.Thread(target=_watch_healing, args=watched, daemon=True).start()
        deadline = time.monotonic() + max(a.within_seconds for a in attacks) + _CLOSED_SECONDS
        while time.monotonic() < deadline and not all(a.healed_s is not None and a.closed_s for a in attacks):
            for attack in attacks:
                if attack.healed_s is None and attack.detected_s is not None and attack.healed():
                    attack.healed_s = time.monotonic() - attack.changed_at
            time.sleep(0.2)
        stop.set()
    _show_healing(attacks)
    for attack in attacks:
        if attack.healed_s is None or attack.healed_s > attack.within_seconds:
            raise StepMissing(f"{attack.resource} healed within {attack.within_seconds:g} s: {attack.what}")
        if not attack.closed_s:
            raise StepMissing(f"the incident about {attack.resource} closed")


def _position(client: DeployForge, deployment: str) -> int:
    """The position of the newest event of the deployment."""
    newest = 0
    for event in client.watch(request_id=client.latest(deployment).request_id, until_done=True, timeout_seconds=20):
        newest = event.position
    return newest


def _watch_healing(
    client: DeployForge,
    deployment: str,
    after: int,
    waiting: Mapping[str, Sabotage],
    timeline: Timeline,
    stop: threading.Event,
) -> None:
    longest = max(attack.within_seconds for attack in waiting.values())
    # The stream ends with the time that healing is given, or with the connection; both are judged elsewhere.
    with contextlib.suppress(DeployForgeError, ValueError):
        for event in client.watch(deployment=deployment, after=after, timeout_seconds=longest + _CLOSED_SECONDS):
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


def _show_healing(attacks: Sequence[Sabotage]) -> None:
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


def remember(deployment: str, *commands: Sequence[str]) -> None:
    """What is remembered of it, as the administrator sees it on the command line. Raises StepMissing."""
    heading("4  Remember")
    for command in commands:
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
    with DeployForge(load_contexts("admin")) as admin:
        if len(admin.history(deployment).versions) < 2:
            raise StepMissing("the heals in the history")
