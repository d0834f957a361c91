"""What every source of secrets must do; a source's author derives a test class and gives the fixtures.

`source` is the source; `access` what it may use; `plant(value)` puts a value where the source finds it and gives the name
to ask for, or changes the value of `name`; `absent` is a name of nothing.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest
from deployforge_mcal.application.secrets import SecretAccess, SecretSource, SecretUnavailable

Plant = Callable[..., str]
#: What a path or a query could be led astray by; none of it is ever a secret.
STRAY = ("../outside", "a/../../outside", "/etc/passwd", "a//b", ".", "a\0b", "*", "%2e%2e/outside", "PATH")


class SecretSourceContract:
    """Derive, and give the fixtures."""

    @pytest.mark.parametrize(
        "value", ["a plain secret", "quotes \" ' and \\ and <&>", "zażółć gęślą jaźń", "two\nlines", "x" * 4096]
    )
    def test_a_value_is_given_as_it_is(self, source: SecretSource, access: SecretAccess, plant: Plant, value: str) -> None:
        assert source.resolve(plant(value), access) == value

    def test_a_changed_value_is_seen_at_the_next_call(
        self, source: SecretSource, access: SecretAccess, plant: Plant
    ) -> None:
        name = plant("the first value")
        assert source.resolve(name, access) == "the first value"
        plant("the second value", name=name)
        assert source.resolve(name, access) == "the second value"

    def test_what_is_not_there_is_refused_by_its_name(
        self, source: SecretSource, access: SecretAccess, absent: str
    ) -> None:
        with pytest.raises(SecretUnavailable, match=f"secret://[a-z]+/{absent}"):
            source.resolve(absent, access)

    @pytest.mark.parametrize("name", STRAY)
    def test_no_name_leads_out_of_the_source(
        self, source: SecretSource, access: SecretAccess, plant: Plant, name: str
    ) -> None:
        plant("something is there")
        with pytest.raises(SecretUnavailable) as refusal:
            source.resolve(name, access)
        assert "root:" not in str(refusal.value)
        assert os.environ["PATH"] not in str(refusal.value)

    def test_no_refusal_and_no_description_holds_a_value(
        self, source: SecretSource, access: SecretAccess, plant: Plant, absent: str
    ) -> None:
        source.resolve(plant("canary bird"), access)
        with pytest.raises(SecretUnavailable) as refusal:
            source.resolve(absent, access)
        chain: Any = refusal.value
        while chain is not None:
            assert "canary" not in repr(chain) + str(chain)
            chain = None if chain.__suppress_context__ else chain.__context__
        assert "canary" not in repr(source) + repr(vars(source))
