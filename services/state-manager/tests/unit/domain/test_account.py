"""What is nobody's: only what is new of it becomes an event."""

from datetime import UTC, datetime

from deployforge_state_manager.domain.account import Account, Part, Stray

AT = datetime(2026, 11, 24, tzinfo=UTC)
ALL = Part("", None)


def _account(*ids: str) -> Account:
    account = Account(Account.id_of("s"), "aws", "0", "eu", "Queue", "AWS::SQS::Queue")
    account.listed([Stray(id, {}) for id in ids], ALL, AT)
    account.collect_events()
    return account


def _told(account: Account) -> list[tuple[list[str], list[str]]]:
    return [([s.physical_id for s in e.found], list(e.gone)) for e in account.collect_events()]


def test_what_is_the_same_is_no_news() -> None:
    account = _account("a", "b")
    account.listed([Stray("b", {}), Stray("a", {})], ALL, AT)
    assert _told(account) == []


def test_what_comes_goes_and_changes_its_tags() -> None:
    account = _account("a", "b")
    account.listed([Stray("b", {"owner": "me"}), Stray("c", {})], ALL, AT)
    assert _told(account) == [(["b", "c"], ["a"])]
    assert dict(account.strays) == {"b": {"owner": "me"}, "c": {}}


def test_a_part_of_a_listing_says_nothing_about_the_rest() -> None:
    account = _account("a", "b", "c", "d")
    account.listed([], Part("a", "c"), AT)
    assert _told(account) == [([], ["b", "c"])]
    account.listed([], Part("c", None), AT)
    assert _told(account) == [([], ["d"])]
    assert list(account.strays) == ["a"]
