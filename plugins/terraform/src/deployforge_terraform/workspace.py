"""The program, set up for one unit in a directory made for one operation. The unit's state is not in it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from deployforge_mcal.application.ports import ProviderFailure

from deployforge_terraform import directories
from deployforge_terraform.cli import Cli, Runner
from deployforge_terraform.credentials import TerraformSession
from deployforge_terraform.errors import failed, of_text
from deployforge_terraform.events import Addresses, Completed, Events, Tick
from deployforge_terraform.options import Options
from deployforge_terraform.plans import Plan, State
from deployforge_terraform.records import SCHEMA, Records

_PLAN: Final = "plan.bin"
#: The key is derived from one of full entropy, so stretching it adds nothing; this is the least that OpenTofu takes.
_ITERATIONS: Final = 200_000


@dataclass(frozen=True)
class Configuration:
    """What a directory holds, and the values of its variables, which are in no file."""

    config: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    def importing(self, ids: Mapping[str, str]) -> "Configuration":
        """The same, taking existing resources in: address → id."""
        blocks = [{"to": address, "id": id} for address, id in sorted(ids.items())]
        return Configuration({**self.config, "import": blocks}, self.files, self.variables) if blocks else self

    def sparing(self, addresses: Sequence[str]) -> "Configuration":
        """The same, leaving resources that it does not declare any more in the cloud."""
        blocks = [{"from": address, "lifecycle": {"destroy": False}} for address in sorted(addresses)]
        return Configuration({**self.config, "removed": blocks}, self.files, self.variables) if blocks else self


class Workspace:
    """One unit. Raises ProviderFailure whenever the program fails."""

    def __init__(
        self, runner: Runner, session: TerraformSession, records: Records, name: str, urns: Mapping[str, str]
    ) -> None:
        self._runner, self._session, self.records, self.name = runner, session, records, name
        self._addresses = Addresses(urns)
        self._options = runner.options

    def urn(self, address: str) -> str | None:
        """The declaration to which a resource instance belongs."""
        return self._addresses.urn(address)

    def address(self, urn: str) -> str:
        """Where a declaration is in the configuration; empty where it is not."""
        return next((a for a, known in self._addresses.urns.items() if known == urn), "")

    def write(self, configuration: Configuration) -> None:
        """Replace the configuration, install its providers, connect to the state."""
        directory = self._runner.directory
        given = {f"TF_VAR_{name}": value for name, value in configuration.variables.items()}
        environment = {**self._session.environment, **given, **_state(self._session, self.name)}
        self._runner = directories.runner(self._runner.cli, self._options, directory, environment)
        own = {**configuration.config.get("terraform", {}), "backend": {"pg": {"schema_name": SCHEMA}}}
        (directory / "main.tf.json").write_text(json.dumps({**configuration.config, "terraform": own}))
        for path, text in configuration.files.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text)
        with self.records.first_use():
            # `init` refuses a workspace that is not there yet; the first command after it makes it. Of one that is
            # there, it also installs the providers that only the state knows.
            chosen = self.name if self.records.exists(self.name) else "default"
            first = directories.runner(self._runner.cli, self._options, directory, {**environment, "TF_WORKSPACE": chosen})
            first.read("init", "-input=false", "-no-color")

    def plan(self, *arguments: str, lock: bool = True) -> Plan:
        """What applying would do; the plan is kept for `apply`."""
        events = Events(self._addresses)
        self._streamed(("plan", "-json", "-input=false", f"-out={_PLAN}", self._lock(lock), *arguments), events)
        return Plan.parse(self._json("show", "-json", "-no-color", _PLAN))

    def apply(self, tick: Tick, completed: Completed = lambda *_: None) -> None:
        """Carry the last plan out; every resource that is done is told to `completed`, also when another fails.
        Raises what `session.hold` raises, too, asked all the while: the program is then interrupted, and stores what it
        has done for whoever goes on."""
        self._session.hold()
        events = Events(self._addresses, lambda urn, status, said: tick(urn, status, self._scrubbed(said)), completed)
        command = ("apply", "-json", "-input=false", "-auto-approve", self._lock(True), _PLAN)
        self._streamed(command, events, changes=True, alive=self._session.hold)

    def state(self) -> State:
        """What is remembered of the unit, without a look at the cloud."""
        return State.parse(self._json("show", "-json", "-no-color"))

    def forget(self, addresses: Sequence[str]) -> None:
        """Take resources out of the state and leave them in the cloud."""
        if addresses:
            self._session.hold()
            self._runner.read("state", "rm", self._lock(True), *addresses)

    def _lock(self, lock: bool) -> str:
        return f"-lock-timeout={self._options.lock_seconds}s" if lock else "-lock=false"

    def _json(self, *arguments: str) -> dict[str, Any]:
        output = self._runner.read(*arguments)
        try:
            found = json.loads(output)
        except ValueError:
            # Not chained: the error would quote what it could not read.
            raise failed("CLI_UNUSABLE", f"{' '.join(arguments[:2])} did not print JSON") from None
        if not isinstance(found, dict):
            raise failed("CLI_UNUSABLE", f"{' '.join(arguments[:2])} did not print a JSON object")
        return found

    def _streamed(
        self, command: Sequence[str], events: Events, *, changes: bool = False, alive: Callable[[], None] = lambda: None
    ) -> None:
        done = self._runner.stream(*command, line=events.line, changes=changes, alive=alive)
        if events.failure is not None:
            raise ProviderFailure(events.failure)
        if done.code:
            raise of_text(done.errors or f"{command[0]} ended with code {done.code} and did not say why")

    def _scrubbed(self, said: str | None) -> str | None:
        return None if said is None else self._session.scrubbed(said)


def _state(session: TerraformSession, name: str) -> dict[str, str]:
    """Where the state is and how it is encrypted; in the environment, which no other user can read."""
    found = {"PG_CONN_STR": session.state_url, "TF_WORKSPACE": name}
    if session.encrypt:
        sealed = {"method": "method.aes_gcm.deployforge", "enforced": True}
        provider = {"passphrase": session.key_of(name), "iterations": _ITERATIONS}
        found["TF_ENCRYPTION"] = json.dumps(
            {
                "key_provider": {"pbkdf2": {"deployforge": provider}},
                "method": {"aes_gcm": {"deployforge": {"keys": "key_provider.pbkdf2.deployforge"}}},
                "state": sealed,
                "plan": sealed,
            }
        )
    return found


@contextmanager
def opened(
    cli: Cli, options: Options, session: TerraformSession, name: str, urns: Mapping[str, str]
) -> Iterator[Workspace]:
    """A workspace whose directory is gone afterwards."""
    with directories.scratch(options) as directory, Records(session) as records:
        yield Workspace(directories.runner(cli, options, directory, {}), session, records, name, urns)
