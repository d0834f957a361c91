"""What every key provider must do. A test class that inherits `KeyProviderContract` runs the whole suite on its own.

Subclasses set `scheme` to the name of the provider's entry point and define the fixtures `uri`, `foreign_uri`,
`away` and `secrets`. `gaps` then tells whether an installed provider is left out, or a suite leaves out or weakens a test:
the project asserts that there are none, so a new provider cannot skip what is unpleasant for it.
"""

import os
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from importlib.metadata import entry_points
from typing import Any, ClassVar

import pytest

from deployforge_chassis.keys import (
    GROUP,
    KeyProvider,
    KeyUnavailable,
    UnknownVersion,
    VersionRefused,
    WrongKey,
    open_provider,
    prepare,
    version_of,
)

_AAD = b"shop|data-key|7c9e6679-7425-40de-944b-e07fc1f90ae7/1"
_THREADS = 8
_ROUNDS = 10


class KeyProviderContract:
    """The suite."""

    scheme: ClassVar[str]

    @pytest.fixture
    def uri(self) -> str:
        """Names a key that does not exist yet; the provider of it can be reached."""
        raise AssertionError("a suite must define `uri`")

    @pytest.fixture
    def foreign_uri(self) -> str:
        """Names another key that does not exist yet."""
        raise AssertionError("a suite must define `foreign_uri`")

    @pytest.fixture
    def away(self) -> Callable[[], AbstractContextManager[None]]:
        """Within the block it gives, the provider of `uri` cannot be reached."""
        raise AssertionError("a suite must define `away`")

    @pytest.fixture
    def secrets(self) -> list[bytes]:
        """What must never come out: the wrapping keys where they can be known, and what opens the door to them."""
        raise AssertionError("a suite must define `secrets`")

    @pytest.fixture
    def reopen(self, uri: str) -> Callable[[], KeyProvider]:
        """Each call opens the same key once more, as another process would."""
        prepare(uri)
        return lambda: open_provider(uri)

    @pytest.fixture
    def foreign(self, foreign_uri: str) -> KeyProvider:
        """A provider of the same kind with a key of its own."""
        prepare(foreign_uri)
        return open_provider(foreign_uri)

    @pytest.fixture
    def provider(self, reopen: Callable[[], KeyProvider]) -> KeyProvider:
        """The provider under test."""
        return reopen()

    @pytest.fixture
    def data_key(self) -> bytes:
        """A data key that is worth wrapping."""
        return os.urandom(32)

    def test_it_is_what_its_entry_point_gives(self, provider: KeyProvider) -> None:
        (point,) = entry_points(group=GROUP, name=self.scheme)
        assert type(provider) is point.load()
        assert provider.scheme == self.scheme

    def test_without_a_key_it_is_unavailable_and_preparing_makes_one_once(self, uri: str, data_key: bytes) -> None:
        with pytest.raises(KeyUnavailable):
            open_provider(uri).wrap(data_key, _AAD)
        prepare(uri)
        wrapped = open_provider(uri).wrap(data_key, _AAD)
        prepare(uri)
        assert open_provider(uri).versions() == (1,)
        assert open_provider(uri).unwrap(wrapped, _AAD) == data_key

    def test_a_uri_that_it_cannot_read_is_refused_without_being_repeated(self) -> None:
        with pytest.raises(ValueError, match="named like") as refused:
            open_provider(f"{self.scheme}:?pin-value=pin-of-somebody")
        assert "pin-of-somebody" not in str(refused.value)

    def test_a_wrapped_key_comes_back_also_in_another_process(
        self, provider: KeyProvider, reopen: Callable[[], KeyProvider], data_key: bytes
    ) -> None:
        wrapped = provider.wrap(data_key, _AAD)
        assert provider.unwrap(wrapped, _AAD) == data_key
        assert reopen().unwrap(wrapped, _AAD) == data_key

    def test_a_wrapped_key_is_not_to_be_seen_and_never_looks_the_same(self, provider: KeyProvider, data_key: bytes) -> None:
        first, second = provider.wrap(data_key, _AAD), provider.wrap(data_key, _AAD)
        assert first != second
        for part in (data_key[:8], data_key[12:20], data_key[-8:]):
            assert part not in first + second

    def test_it_is_bound_to_its_place(self, provider: KeyProvider, data_key: bytes) -> None:
        wrapped = provider.wrap(data_key, _AAD)
        for other in (_AAD + b"0", _AAD[:-1], _AAD.upper(), b"other"):
            with pytest.raises(WrongKey):
                provider.unwrap(wrapped, other)

    def test_any_flipped_bit_is_noticed(self, provider: KeyProvider, data_key: bytes) -> None:
        wrapped = provider.wrap(data_key, _AAD)
        for position in range(len(wrapped)):
            changed = bytearray(wrapped)
            changed[position] ^= 1 << position % 8
            # In the first four bytes stands the version: then there is no such key.
            with pytest.raises(UnknownVersion if position < 4 else WrongKey):
                provider.unwrap(bytes(changed), _AAD)

    def test_what_is_cut_short_or_too_long_is_refused(self, provider: KeyProvider, data_key: bytes) -> None:
        wrapped = provider.wrap(data_key, _AAD)
        for cut in (0, 3, 4, 5, 16, len(wrapped) // 2, len(wrapped) - 1):
            with pytest.raises(WrongKey):
                provider.unwrap(wrapped[:cut], _AAD)
        with pytest.raises(WrongKey):
            provider.unwrap(wrapped + b"\x00", _AAD)

    def test_what_a_foreign_key_wrapped_is_refused(
        self, provider: KeyProvider, foreign: KeyProvider, data_key: bytes
    ) -> None:
        wrapped = foreign.wrap(data_key, _AAD)
        assert foreign.unwrap(wrapped, _AAD) == data_key
        with pytest.raises(WrongKey):
            provider.unwrap(wrapped, _AAD)

    def test_an_unknown_version_is_named(self, provider: KeyProvider, data_key: bytes) -> None:
        wrapped = provider.wrap(data_key, _AAD)
        with pytest.raises(UnknownVersion, match="version 99"):
            provider.unwrap((99).to_bytes(4, "big") + wrapped[4:], _AAD)

    def test_after_a_rotation_every_process_wraps_with_the_new_version_and_opens_the_old(
        self, provider: KeyProvider, reopen: Callable[[], KeyProvider], data_key: bytes
    ) -> None:
        other = reopen()
        old = other.wrap(data_key, _AAD)
        assert (provider.versions(), version_of(old)) == ((1,), 1)
        assert provider.rotate() == 2
        for one in (provider, other, reopen()):
            assert one.versions() == (1, 2)
            assert one.minimum_version() == 1
            assert version_of(one.wrap(data_key, _AAD)) == 2
            assert one.unwrap(old, _AAD) == data_key
        with pytest.raises(WrongKey):
            provider.unwrap((2).to_bytes(4, "big") + old[4:], _AAD)

    def test_below_the_minimum_nothing_is_unwrapped_any_more(
        self, provider: KeyProvider, reopen: Callable[[], KeyProvider], data_key: bytes
    ) -> None:
        other = reopen()
        old = other.wrap(data_key, _AAD)
        provider.rotate()
        new = other.wrap(data_key, _AAD)
        provider.raise_minimum(2)
        for one in (provider, other, reopen()):
            assert one.minimum_version() == 2
            with pytest.raises(VersionRefused, match=r"version 1 .* minimum is 2"):
                one.unwrap(old, _AAD)
            assert one.unwrap(new, _AAD) == data_key

    def test_the_minimum_never_falls_and_never_passes_the_newest(self, provider: KeyProvider, data_key: bytes) -> None:
        with pytest.raises(UnknownVersion):
            provider.raise_minimum(2)
        provider.rotate()
        provider.raise_minimum(2)
        provider.raise_minimum(1)
        assert provider.minimum_version() == 2
        assert provider.unwrap(provider.wrap(data_key, _AAD), _AAD) == data_key

    def test_while_it_is_away_nothing_works_and_afterwards_everything_without_a_restart(
        self, provider: KeyProvider, away: Callable[[], AbstractContextManager[None]], data_key: bytes
    ) -> None:
        wrapped = provider.wrap(data_key, _AAD)
        for _ in range(2):
            with away():
                calls: list[Callable[[], object]] = [
                    lambda: provider.wrap(data_key, _AAD),
                    lambda: provider.unwrap(wrapped, _AAD),
                    provider.versions,
                    provider.minimum_version,
                    provider.rotate,
                    lambda: provider.raise_minimum(1),
                ]
                for call in calls:
                    with pytest.raises(KeyUnavailable):
                        call()
            assert provider.unwrap(wrapped, _AAD) == data_key
            assert provider.unwrap(provider.wrap(data_key, _AAD), _AAD) == data_key
            assert provider.versions() == (1,)

    def test_many_threads_share_it(self, provider: KeyProvider) -> None:
        wrong: list[object] = []
        together = threading.Barrier(_THREADS)

        def work(number: int) -> None:
            try:
                together.wait(30)
                for turn in range(_ROUNDS):
                    aad, data_key = f"{number}|{turn}".encode(), os.urandom(32)
                    if number == 0 and turn % 5 == 2:
                        provider.rotate()
                    if provider.unwrap(provider.wrap(data_key, aad), aad) != data_key:
                        wrong.append((number, turn))
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert wrong == []
        assert provider.versions() == (1, 2, 3)

    def test_no_secret_comes_out(
        self,
        provider: KeyProvider,
        away: Callable[[], AbstractContextManager[None]],
        secrets: list[bytes],
        data_key: bytes,
    ) -> None:
        wrapped = provider.wrap(data_key, _AAD)
        said = [wrapped, repr(provider).encode(), str(provider).encode()]
        for refused in (wrapped[:-1], b"\x00\x00\x00\x63" + wrapped[4:], b""):
            said.append(_words(lambda refused=refused: provider.unwrap(refused, _AAD)))  # type: ignore[misc]
        with away():
            said.append(_words(lambda: provider.unwrap(wrapped, _AAD)))
        assert secrets
        for secret in (*secrets, data_key):
            assert not any(secret in words for words in said)


def _words(call: Callable[[], Any]) -> bytes:
    """All that a refused call says, with what it says of its causes."""
    with pytest.raises((WrongKey, KeyUnavailable)) as refused:
        call()
    error: BaseException | None = refused.value
    words = ""
    while error is not None:
        words += f"{error!r} {error} "
        error = error.__cause__
    return words.encode()


def gaps(suites: Iterable[type[KeyProviderContract]]) -> list[str]:
    """Installed providers without a suite, and tests of the contract that a suite replaces, removes or marks."""
    suites = list(suites)
    tests = {name: test for name, test in vars(KeyProviderContract).items() if name.startswith("test_")}
    missing = {point.name for point in entry_points(group=GROUP)} - {suite.scheme for suite in suites}
    found = [f"no suite runs on the key provider {scheme!r}" for scheme in sorted(missing)]
    for suite in suites:
        found += [f"{suite.__name__} replaces {n}" for n, test in tests.items() if getattr(suite, n, None) is not test]
        found += [f"{suite.__name__} is marked, so some of it may not run" for _ in getattr(suite, "pytestmark", ())]
    return found
