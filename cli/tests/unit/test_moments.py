from datetime import UTC, datetime, timedelta, timezone

import pytest
from deployforge_cli.moments import optional, parsed
from deployforge_client.errors import BadRequest

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("2h ago", NOW - timedelta(hours=2)),
        (" 1d12h ago ", NOW - timedelta(hours=36)),
        ("1 w 3 s ago", NOW - timedelta(days=7, seconds=3)),
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-24T10:00Z", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00.25+02:00", datetime(2026, 11, 24, 10, 0, 0, 250000, timezone(timedelta(hours=2)))),
    ],
)
def test_times_as_people_write_them(text: str, expected: datetime) -> None:
    assert parsed(text, NOW) == expected


@pytest.mark.parametrize(
    "text", ["", "2h", "ago", "h ago", "yesterday", "24.11.2026", "2026-13-01", "9999999999w ago", "٢h ago"]
)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parsed(text, NOW)
    assert "2h ago" in (refused.value.hint or "")


def test_no_text_is_no_time() -> None:
    assert optional("") is None
    assert optional("now") is not None
