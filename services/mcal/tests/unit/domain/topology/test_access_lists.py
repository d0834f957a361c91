"""Numbered entries decide piece by piece, as asking about every address and port by itself would."""

from collections.abc import Sequence
from ipaddress import IPv4Network

from deployforge_mcal.domain.topology.access_lists import Asked, judged
from deployforge_mcal.domain.topology.walls import Entry
from hypothesis import given, settings
from hypothesis import strategies as st

FIELD = IPv4Network("10.0.0.0/29")


def entry(number: int, allow: bool, cidr: str, first: int = 0, last: int = 65535, protocol: str = "tcp") -> Entry:
    return Entry("", "acl", number, allow, True, protocol, first, last, (IPv4Network(cidr),))


def asked(cidr: str, first: int = 443, last: int = 443) -> Asked:
    return Asked("tcp", first, last, (IPv4Network(cidr),))


def test_the_first_that_fits_decides() -> None:
    both = [entry(1, True, "10.0.0.0/30"), entry(2, False, "10.0.0.0/29"), entry(3, True, "0.0.0.0/0")]
    assert judged(both, asked("10.0.0.0/30"), inward=True).passes
    refused = judged(both, asked("10.0.0.0/29"), inward=True)
    assert refused.denied_by == both[1], "of a half that is let in, the other half is not"
    assert judged(both, asked("10.0.0.0/30"), inward=False).left == (IPv4Network("10.0.0.0/30"),)


def test_ports_are_let_in_together_by_many() -> None:
    halves = [entry(1, True, "10.0.0.0/8", 1024, 30_000), entry(2, True, "10.0.0.0/8", 30_001, 65_535)]
    assert judged(halves, asked("10.0.0.0/29", 1024, 65_535), inward=True).passes
    assert judged(halves[:1], asked("10.0.0.0/29", 1024, 65_535), inward=True).left == (IPv4Network("10.0.0.0/29"),)


def test_of_the_whole_internet_some_may_be_denied_and_are_named() -> None:
    some = [entry(1, False, "198.51.100.0/24"), entry(2, True, "0.0.0.0/0")]
    verdict = judged(some, asked("0.0.0.0/0"), inward=True)
    assert (verdict.passes, verdict.spared) == (True, some[:1])
    assert not judged(some, asked("198.51.0.0/16"), inward=True).passes
    assert not judged([entry(1, False, "0.0.0.0/0"), *some], asked("0.0.0.0/0"), inward=True).passes


cidrs = st.builds(
    lambda at, prefix: IPv4Network((int(FIELD[at]), prefix), strict=False), st.integers(0, 7), st.integers(29, 32)
)
ports = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(sorted)
entries = st.lists(
    st.builds(
        lambda allow, protocol, at, cidr: Entry("", "l", 0, allow, True, protocol, at[0], at[1], (cidr,)),
        st.booleans(), st.sampled_from(["tcp", "udp", "all"]), ports, cidrs,
    ),
    max_size=6,
)  # fmt: skip


@settings(max_examples=400)
@given(entries, ports, cidrs)
def test_it_says_what_each_address_and_port_would(given_: list[Entry], at: list[int], cidr: IPv4Network) -> None:
    def alone(address: int, port: int) -> bool:
        one = IPv4Network((address, 32))
        fits = (
            e
            for e in given_
            if e.protocol != "udp" and e.first <= port <= e.last and any(one.subnet_of(c) for c in e.cidrs)
        )
        return next((e.allow for e in fits), False)

    every = all(alone(int(address), port) for address in cidr for port in range(at[0], at[1] + 1))
    assert judged(given_, Asked("tcp", at[0], at[1], (cidr,)), inward=True).passes is every


@settings(max_examples=200)
@given(entries, entries, ports, st.one_of(cidrs, st.just(IPv4Network("0.0.0.0/0"))))
def test_a_denial_more_never_opens(
    given_: Sequence[Entry], more: Sequence[Entry], at: list[int], cidr: IPv4Network
) -> None:
    question = Asked("tcp", at[0], at[1], (cidr,))
    if judged([*(one for one in more if not one.allow), *given_], question, inward=True).passes:
        assert judged(given_, question, inward=True).passes
