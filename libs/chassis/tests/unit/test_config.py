import pytest
from deployforge_chassis.config import ServiceSettings, UnknownPeer
from pydantic import ValidationError


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYFORGE_SERVICE", "orchestrator")
    monkeypatch.setenv("DEPLOYFORGE_DATABASE_URL", "postgresql://orchestrator:hunter2@/orchestrator?host=/run")


def test_the_environment_is_read_with_its_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYFORGE_GRPC_ADDRESS", "127.0.0.1:9999")
    monkeypatch.setenv("DEPLOYFORGE_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("DEPLOYFORGE_MCAL_ADDRESS", "mcal:7415")
    settings = ServiceSettings()
    assert (settings.service, settings.grpc_address, settings.log_level) == (
        "orchestrator",
        "127.0.0.1:9999",
        "debug",
    )
    assert settings.peer_address("mcal") == "mcal:7415"
    assert settings.peer_address("state-manager") == "127.0.0.1:7412"


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        ServiceSettings().service = "healer"  # type: ignore[misc]


def test_an_unknown_peer_is_refused() -> None:
    with pytest.raises(UnknownPeer):
        ServiceSettings().peer_address("service")


def test_a_wrong_value_is_named_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYFORGE_GRPC_THREADS", "hunter2")
    with pytest.raises(ValidationError) as refused:
        ServiceSettings()
    assert "grpc_threads" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_the_database_password_is_not_printed() -> None:
    assert "hunter2" not in repr(ServiceSettings())


def test_every_setting_is_described() -> None:
    assert all(field.description for field in ServiceSettings.model_fields.values())
