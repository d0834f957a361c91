"""Training an anomaly model of labelled records, on this machine: nothing is asked of a server."""

from pathlib import Path

from deployforge_client.errors import BadRequest

from deployforge_cli.output import console


def train(records: Path, out: Path, tested: float) -> None:
    """Write the model and, beside it, its card. Raises BadRequest where the records do not make one."""
    try:
        from deployforge_anomalies import card, model, report, training
        from deployforge_anomalies import records as reading
    except ImportError as error:
        raise BadRequest(
            f"training needs {error.name}, which is not installed", hint="install the command as deployforge-cli[train]"
        ) from error
    try:
        found = reading.read(records)
        kept, held = reading.split(found, tested)
        text = training.train(kept)
        if not held:
            raise BadRequest("no scenario is left to test with", hint="give more scenarios, or a larger --test-share")
        made = model.Model(text, str(out))
    except (reading.BadRecords, training.TooFewRecords, model.ModelUnusable, UnicodeDecodeError) as error:
        raise BadRequest(str(error), hint="docs/guide/drift.md says what a record holds") from error
    measured = report.evaluate(made, kept, held)
    source = f"{len(found)} labelled records of `{records.name}`"
    out.write_text(text, encoding="utf-8")
    beside = out.with_suffix(".md")
    beside.write_text(card.card(measured, made.digest, reading.digest(found), source), encoding="utf-8")
    console.print(card.tables(measured), markup=False, highlight=False, soft_wrap=True)
    console.print(f"{out} ({made.digest}), its card {beside}", soft_wrap=True)
