"""A report in Markdown: for a terminal, and as the card beside a model."""

from collections.abc import Iterator
from importlib.metadata import version

from deployforge_anomalies.features import CLASSES, NAMES, UNKNOWN
from deployforge_anomalies.model import SURE
from deployforge_anomalies.report import Report
from deployforge_anomalies.training import ROUNDS


def card(report: Report, model_digest: str, records_digest: str, source: str) -> str:
    """What anybody should know before using a model; `source` says where the records are from."""
    return (
        "# What this model is\n\n"
        f"It tells {len(CLASSES)} classes of drift apart: {', '.join(CLASSES)}. Where no class has a probability of "
        f"{SURE:g}, the drift is called {UNKNOWN}.\n\n"
        f"* Model: LightGBM {version('lightgbm')}, {ROUNDS} rounds, `{model_digest}`\n"
        f"* Features: {len(NAMES)}, each explained in `deployforge_anomalies.features`: {', '.join(NAMES)}\n"
        f"* Data: {source}\n"
        f"* Records: `{records_digest}`\n"
        "* Split: by scenario, by the digest of its name\n\n"
        "## Measured\n\n"
        f"{tables(report)}\n"
        "Severity alone knows severity, rules and whether the resource is gone; robust z alone knows how far out numbers "
        "are. Both name the most frequent class, in the training records, among those that look the same.\n"
    )


def tables(report: Report) -> str:
    """Quality by class beside the simpler ways, calibration, and the most frequent mistakes."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    others = f"{report.tested} of {report.scenarios_tested} other scenarios"
    yield f"Trained with {report.trained} records, tested with {others}."
    yield ""
    yield f"| class | tested | {' | '.join(f'{one.name}: precision | recall' for one in report.results)} |"
    yield f"|---|---|{'---|---|' * len(report.results)}"
    for name in CLASSES:
        shown = " | ".join(f"{one.classes[name].precision:.3f} | {one.classes[name].recall:.3f}" for one in report.results)
        yield f"| {name} | {report.counts[name]} | {shown} |"
    yield f"| accuracy | {report.tested} | {' | '.join(f'{one.accuracy:.3f} |' for one in report.results)} |"
    yield f"| mean F1 | | {' | '.join(f'{one.f1:.3f} |' for one in report.results)} |"
    yield ""
    yield f"Expected calibration error: {report.error:.3f}"
    yield ""
    yield "| predictions | said | was |"
    yield "|---|---|---|"
    for one in report.calibration:
        yield f"| {one.count} | {one.said:.2f} | {one.was:.2f} |"
    yield ""
    yield "| is | called | times |"
    yield "|---|---|---|"
    for right, said, count in report.confusions:
        yield f"| {right} | {said} | {count} |"
