"""Everything that is printed: tables for people, JSON and YAML for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import yaml
from deployforge.common.v1 import common_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.table import Table

#: Elsewhere than on a terminal there is no width to fit in.
_WIDE = 200
console = Console(width=None if sys.stdout.isatty() else _WIDE)
errors = Console(stderr=True)


class Format(StrEnum):
    """`-o`: a table for people, or the whole answer for programs."""

    table = "table"
    json = "json"
    yaml = "yaml"


def plain(message: Message) -> dict[str, Any]:
    """A message as plain data; bodies that are JSON text (`…_json`) are opened."""
    return {str(k): v for k, v in _open(MessageToDict(message, preserving_proto_field_name=True)).items()}


def _open(value: Any) -> Any:
    if isinstance(value, list):
        return [_open(v) for v in value]
    if not isinstance(value, dict):
        return value
    opened: dict[str, Any] = {}
    for key, inner in value.items():
        if key.endswith("_json") and isinstance(inner, str):
            opened[key.removesuffix("_json")] = json.loads(inner) if inner else None
        else:
            opened[key] = _open(inner)
    return opened


def emit(data: Any, how: Format) -> None:
    """Print plain data as JSON or YAML."""
    if how is Format.yaml:
        sys.stdout.write(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
    else:
        sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str = "none") -> None:
    """Print rows; says so when there are none."""
    shown = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        shown.add_row(*row)
        count += 1
    if count:
        console.print(shown)
    else:
        console.print(f"{title}: {empty}" if title else empty, style="dim")


def more(cursor: str) -> None:
    """Say how to see the next page, when there is one."""
    if cursor:
        console.print(f"more: --cursor {cursor}", style="dim", soft_wrap=True)


def moment(at: Timestamp) -> str:
    """UTC time to the second; a dash for an unset one."""
    if not at.seconds:
        return "-"
    return datetime.fromtimestamp(at.seconds + at.nanos / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")


def named(ref: common_pb2.DeploymentRef) -> str:
    """`namespace/name`, or a dash."""
    return f"{ref.namespace}/{ref.name}" if ref.name else ref.namespace or "-"


def word(enum: Any, value: int) -> str:
    """An enum value as people say it: SEVERITY_CRITICAL → critical."""
    name: str = enum.Name(value)
    prefix = "".join("_" + c if c.isupper() else c.upper() for c in enum.DESCRIPTOR.name).lstrip("_")
    return name.removeprefix(prefix + "_").lower().replace("_", " ")


SEVERITY_STYLE = {"critical": "bold red", "degraded": "yellow", "informational": "cyan"}


def severity(value: int) -> str:
    """A severity with its colour."""
    text = word(common_pb2.Severity, value)
    return f"[{SEVERITY_STYLE.get(text, 'dim')}]{text}[/]"


def short(urn: str) -> str:
    """The resource's own name of a urn."""
    return urn.rsplit(":", 1)[-1]


def shown_value(text: str, limit: int = 80) -> str:
    """A canonical JSON value, cut to a readable length."""
    if not text:
        return "(absent)"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def problem_lines(problems: Iterable[common_pb2.Problem]) -> Iterable[str]:
    """`file:line:column: message (expected …; hint)`, one line a problem."""
    for p in problems:
        place = f"{p.file or 'manifest'}:{p.line}:{p.column}" if p.line else (p.file or p.path or "manifest")
        expected = f"; expected {p.expected}" if p.expected else ""
        hint = f"; hint: {p.hint}" if p.hint else ""
        path = f"{p.path}: " if p.path and p.line else ""
        yield f"{place}: {path}{p.message}{expected}{hint}"
