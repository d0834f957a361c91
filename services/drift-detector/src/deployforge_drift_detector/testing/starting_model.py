"""Makes the model that ships, with its card: `python -m deployforge_drift_detector.testing.starting_model [--check]`.

The same bytes every time: seeded scenarios, one thread, deterministic training. `--check` writes nothing and fails where
what ships is something else.
"""

import sys
from importlib.resources import files
from pathlib import Path
from typing import Final

from deployforge_anomalies.card import card
from deployforge_anomalies.model import STARTING, Model
from deployforge_anomalies.records import digest, split
from deployforge_anomalies.report import evaluate
from deployforge_anomalies.training import train

from deployforge_drift_detector.testing.scenarios import SCENARIOS, SEED, labelled

_TESTED: Final = 0.25


def made() -> dict[str, str]:
    """File name → text: the model and its card."""
    records = list(labelled())
    trained, tested = split(records, _TESTED)
    text = train(trained)
    model = Model(text, "just made")
    source = (
        f"{len(records)} records of {len({one.scenario for one in records})} scenarios, **all of them synthetic**: "
        f"{SCENARIOS} of each class (seed {SEED}), told by the stories of the drift detector's "
        "`testing/scenarios.py`, which overlap on purpose; two scenarios of a hundred are mislabelled, the test's too. "
        "How well this model tells real drift apart, nobody has measured. It is a start: train your own with "
        "`deployforge drift train` when you have labelled what you saw."
    )
    report = evaluate(model, trained, tested)
    return {STARTING: text, STARTING.replace(".txt", ".md"): card(report, model.digest, digest(records), source)}


def main() -> None:
    """Write or check the files of the package."""
    place, check = Path(str(files("deployforge_anomalies"))), "--check" in sys.argv[1:]
    for name, text in made().items():
        path = place / name
        if check and path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path} is not what the scenarios give; run `make anomaly-model`")
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{text}\n" if name.endswith(".md") else f"{path}: {len(text)} bytes\n")


if __name__ == "__main__":
    main()
