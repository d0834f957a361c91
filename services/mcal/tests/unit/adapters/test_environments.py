"""Of an environment only what is known to be no secret is ever shown."""

from typing import Any

from deployforge_mcal.adapters.environments import PLAIN, plain, together
from hypothesis import given
from hypothesis import strategies as st

_NAMES = st.text("ABCXYZ_", min_size=1, max_size=5)
_VARIABLES = st.dictionaries(_NAMES, st.text(max_size=5), max_size=5)


@given(_VARIABLES, _VARIABLES)
def test_what_is_no_secret_comes_back_and_nothing_else(environment: dict[str, str], hidden: dict[str, str]) -> None:
    secrets = {name: value for name, value in hidden.items() if name not in environment}
    held = together({"environment": environment, "secrets": secrets})
    assert plain(held) == environment
    assert held.keys() == {*environment, *secrets, PLAIN}


def test_where_the_list_was_taken_away_nothing_is_shown() -> None:
    held: dict[str, Any] = together({"environment": {"A": "1"}})
    del held[PLAIN]
    assert plain(held) is None
    assert plain({**held, PLAIN: "A,GONE"}) == {"A": "1"}
