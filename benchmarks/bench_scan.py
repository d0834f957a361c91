"""How long it takes to look at what is in a cloud and to know what has drifted, beside OpenTofu.

A unit of work is a scan of everything: asked for by the drift detector, read by mcal through its adapter of AWS, told on
Kafka, judged. The peer is `tofu plan -refresh-only` over the same queues, topics, tables and buckets of the same emulated
AWS, in turns; it ends when it has read and compared them. Broker, registry and PostgreSQL are real, and mutual TLS is on.
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import scan_bulk
import scan_fleet
import scan_parts
import scan_tofu
from deployforge_local import emulator, opentofu
from deployforge_local.settings import LocalSettings
from kafka_system import System, running
from scan_fleet import Made
from support import Figures, arguments, interleaved, ratio, report

_CREDENTIAL = "aws-local"
#: Of what is told in bulk there is more, so that its figure is not that of a start.
_BULK = 10


class Scanned:
    """The two services with some resources, looked at."""

    def __init__(self, where: System, fleet: Sequence[Made], credentials: Mapping[str, Any], options: Any) -> None:
        self._fleet = fleet
        self._mcal = scan_parts.Child(scan_parts.mcal, where, credentials, options)
        self._detector = scan_parts.Child(scan_parts.detector, where)
        self._mcal.ask("keep", [one.for_mcal() for one in fleet])
        self._detector.ask("want", [one.for_the_detector() for one in fleet])
        self._shards = sorted({one.shard for one in fleet})
        first = sum(one.shard == self._shards[0] for one in fleet)
        self._detector.ask("warm", self._shards[0], first)

    def seconds(self) -> float:
        """Of a scan of everything. Raises RuntimeError when something was not checked, or is said to have drifted."""
        found = self._detector.ask("scan", self._shards, len(self._fleet))
        if found["checked"] != len(self._fleet):
            raise RuntimeError(f"not everything was found as it is: {found}")
        sys.stderr.write(f"scan: {found['seconds']:.1f} s\n")
        return float(found["seconds"])

    def close(self) -> None:
        """End both."""
        self._mcal.close()
        self._detector.close()


def _peer(directory: Path, endpoint: str, fleet: Sequence[Made]) -> scan_tofu.Workspace | None:
    try:
        program, mirror = scan_tofu.installed(lambda said: sys.stderr.write(f"{said}\n") and None)
    except (opentofu.GoMissing, opentofu.BuildFailed) as error:
        sys.stderr.write(f"NOT MEASURED: OpenTofu; {error}\n")
        return None
    return scan_tofu.Workspace(directory / "tofu", program, mirror, endpoint, emulator.ROOT_KEY, fleet)


def beside_opentofu(where: System, resources: int, repeats: int) -> tuple[Figures, dict[str, Any]]:
    """Seconds of each contender, in turns."""
    settings = LocalSettings()
    credentials = json.loads(settings.credentials_file.read_text())
    fleet = scan_fleet.made(settings.ministack_url, emulator.ROOT_KEY, resources, _CREDENTIAL)
    with tempfile.TemporaryDirectory(prefix="df-bench-scan-") as directory, ExitStack() as stack:
        peer = _peer(Path(directory), settings.ministack_url, fleet)
        options = {"aws": {"endpoint": settings.ministack_url}}
        ours = Scanned(where, fleet, {_CREDENTIAL: credentials[_CREDENTIAL]}, options)
        stack.callback(ours.close)
        runs = [lambda: {"ours": ours.seconds()}]
        if peer is not None:
            runs.append(lambda: {"opentofu": peer.plan()})
        figures = interleaved(repeats, runs)
    seconds = {name: round(statistics.median(values), 2) for name, values in figures.items()}
    result = {
        "resources": resources, "seconds": seconds["ours"], "opentofu_seconds": seconds.get("opentofu"),
        "ratio": ratio(figures, "opentofu", "ours") if peer is not None else None,
    }  # fmt: skip
    return figures, result


def checks_per_minute(where: System, resources: int, repeats: int) -> tuple[Figures, dict[str, int]]:
    """Of what clouds tell in bulk: an inventory in pages of a thousand, and the emulated AWS's lists."""
    settings = LocalSettings()
    credentials = json.loads(settings.credentials_file.read_text())
    groups = scan_fleet.listed(settings.ministack_url, emulator.ROOT_KEY, resources, _CREDENTIAL)
    told = {_CREDENTIAL: credentials[_CREDENTIAL], scan_bulk.CREDENTIAL: scan_bulk.ROOT}
    figures: Figures = {}
    with scan_bulk.inventory(_BULK * resources) as google:
        options = {"aws": {"endpoint": settings.ministack_url}, "gcp": {"endpoint": google}}
        for name, fleet in (("list", groups), ("bulk", scan_bulk.fleet(_BULK * resources))):
            scanned = Scanned(where, fleet, told, options)
            try:
                figures[name] = [len(fleet) * 60 / scanned.seconds() for _ in range(repeats)]
            finally:
                scanned.close()
    return figures, {f"{name}_checks_per_minute": round(statistics.median(figures[name])) for name in ("bulk", "list")}


def main() -> None:
    sizes = arguments(__doc__ or "", resources=2000, repeats=3)
    with running(scan_parts.MCAL, scan_parts.DETECTOR) as where:
        figures, result = beside_opentofu(where, sizes.resources, sizes.repeats)
        rates, more = checks_per_minute(where, sizes.resources, sizes.repeats)
    report({**figures, **rates}, "seconds; bulk and list: checks a minute", {**result, **more})


if __name__ == "__main__":
    main()
