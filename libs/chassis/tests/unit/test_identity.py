import pytest
from deployforge_chassis.identity import NotOurs, name_of, spiffe_id


def test_a_name_and_its_spiffe_id_are_one() -> None:
    assert spiffe_id("state-manager") == "spiffe://deployforge/state-manager"
    assert name_of("spiffe://deployforge/state-manager") == "state-manager"


@pytest.mark.parametrize(
    "stranger",
    [
        "spiffe://elsewhere/healer",
        "healer",
        "spiffe://deployforge/",
        "spiffe://deployforge/mcal/x",
        "spiffe://deployforge/broker",
    ],
)
def test_a_stranger_has_no_name(stranger: str) -> None:
    with pytest.raises(NotOurs):
        name_of(stranger)
