"""Which key provider a home uses, and that it keeps to it."""

from pathlib import Path

import pytest
from deployforge_chassis.identity import SERVICES
from deployforge_chassis.keys.softhsm import SoftHsm
from deployforge_local import doctor, hsm, processes
from deployforge_local.settings import LocalSettings


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    settings = LocalSettings(home=tmp_path)
    settings.key_dir.mkdir()
    return settings


def _missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SoftHsm, "module", staticmethod(lambda: None))


def test_a_new_home_keeps_its_keys_in_a_token_when_softhsm_is_installed(settings: LocalSettings) -> None:
    hsm.prepare(settings)
    hsm.prepare(settings)
    told = processes.service_environment(settings, "mcal")
    assert told["DEPLOYFORGE_KEYS"].startswith("pkcs11:token=deployforge;object=mcal?")
    assert Path(told["SOFTHSM2_CONF"]).is_file()
    assert "DEPLOYFORGE_KEY_FILE" not in told
    pin = settings.key_dir / "hsm" / "pin"
    assert pin.stat().st_mode & 0o777 == 0o600
    assert pin.read_text() not in "".join(told.values())
    assert not list(settings.key_dir.glob("*.key"))


def test_a_home_without_softhsm_has_key_files_and_keeps_them_when_it_is_installed_later(
    settings: LocalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        _missing(without)
        hsm.prepare(settings)
    assert hsm.provider(settings) == "file"
    hsm.prepare(settings)
    assert {path.stem for path in settings.key_dir.glob("*.key")} == set(SERVICES)
    told = processes.service_environment(settings, "mcal")
    assert told["DEPLOYFORGE_KEY_FILE"] == str(settings.key_dir / "mcal.key")


def test_a_home_from_before_there_was_a_choice_keeps_its_key_files(settings: LocalSettings) -> None:
    (settings.key_dir / "mcal.key").write_text("{}")
    assert hsm.provider(settings) == "file"


def test_a_home_whose_token_cannot_be_reached_does_not_begin_anew(
    settings: LocalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.key_provider_file.write_text("pkcs11")
    _missing(monkeypatch)
    with pytest.raises(hsm.OtherProvider, match="apt-get install softhsm2"):
        hsm.prepare(settings)
    assert doctor._keys(settings)[:2] == ("keys", False)


def test_the_doctor_tells_where_the_keys_are(settings: LocalSettings) -> None:
    settings.key_provider_file.write_text("pkcs11")
    assert "SoftHSM" in doctor._keys(settings)[2]
    settings.key_provider_file.write_text("file")
    assert "key files" in doctor._keys(settings)[2]


def test_who_may_not_install_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    assert hsm.install(said.append)
    _missing(monkeypatch)
    monkeypatch.setattr(hsm.os, "geteuid", lambda: 1000)
    assert not hsm.install(said.append)
    assert "apt-get install softhsm2" in said[0]
