"""The chassis carries any event-sourced service; it does not know what ours are about."""

import re
from pathlib import Path

import deployforge_chassis

# Words of the business. "deployment" is allowed: a deployment id owns a data key.
BUSINESS = re.compile(
    r"drift(?!-detector|_detector)|heal(?!er|th)|\bplan(s|ned|ner)?\b|manifest|incident|remed|terraform|cloudformation|\bec2\b|\bstacks?\b|\baws\b|azure",
    re.IGNORECASE,
)
# Names of services and of a key provider, and what a citation is titled.
NOT_SPOKEN_BY_US = re.compile(r"DRIFT_DETECTOR|drift[-_]detector|healer|AWS[- _]?KMS|Source: .*", re.IGNORECASE)


def test_no_word_of_the_business_is_spoken_here() -> None:
    sources = sorted(Path(deployforge_chassis.__file__).parent.rglob("*.py"))
    spoken = [
        f"{path.name}:{number}: {line.strip()}"
        for path in sources
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if BUSINESS.search(NOT_SPOKEN_BY_US.sub("", line))
    ]
    assert len(sources) > 10
    assert spoken == []
