"""What suffers with a resource, for people."""

from collections.abc import Sequence

from deployforge.drift_detector.v1 import drift_pb2
from rich.markup import escape

from deployforge_cli.output import console, short


def described(hits: Sequence[drift_pb2.Impact], affected: int, outputs: Sequence[str]) -> None:
    """Print who is downstream, each behind those that it needs, and what breaks with them."""
    for hit in hits:
        way = " → ".join(short(urn) for urn in hit.path)
        via = f"{hit.via}: " if hit.via else ""
        console.print(f"  affects [bold]{short(hit.urn)}[/] {via}{escape(hit.reason)} [dim]({way})[/]", highlight=False)
    # Records that are older than the count have none.
    if affected > len(hits):
        console.print(f"  and {affected - len(hits):,} more: {affected:,} resources are downstream in all", highlight=False)
    if outputs:
        console.print(f"  breaks the outputs {', '.join(outputs)}", markup=False, highlight=False)
