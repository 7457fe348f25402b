import pytest
from pydantic import ValidationError

from main.building import read_training_config, shown_settings
from main.settings import Settings

LONG = "x" * 32


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch, tmp_path):
    import os

    for name in [name for name in os.environ if name.startswith("MARQUEE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_nested_settings_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("MARQUEE_SERVING__MIN_INTERACTIONS", "7")
    monkeypatch.setenv("MARQUEE_HTTP__CORS_ORIGINS", "https://a.example, https://b.example")
    monkeypatch.setenv("MARQUEE_BANDIT__ENGINES", "linear, ease")
    settings = Settings()
    assert settings.serving.min_interactions == 7
    assert settings.bandit.engines == ("linear", "ease")
    assert settings.http.cors_origins == ("https://a.example", "https://b.example")


def test_a_dot_env_file_is_read(tmp_path):
    (tmp_path / ".env").write_text("MARQUEE_LOG__LEVEL=ERROR\n")
    assert Settings().log.level == "ERROR"


def test_the_database_lies_in_the_data_folder_unless_a_url_is_given(tmp_path):
    assert Settings(home=tmp_path).database_url == f"sqlite:///{tmp_path / 'marquee.db'}"
    assert Settings(database={"url": "postgresql://db/marquee"}).database_url == "postgresql://db/marquee"


def test_production_demands_a_secret():
    with pytest.raises(ValidationError, match="MARQUEE_AUTH__SECRET"):
        Settings(environment="production")
    assert Settings(environment="production", auth={"secret": LONG}).auth.secret is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"auth": {"secret": "short"}},
        {"auth": {"previous_secret": LONG}},
        {"auth": {"access_minutes": 16}},
        {"serving": {"default_engine": "oracle"}},
        {"serving": {"liked_from": 6}},
        {"bandit": {"policy": "greedy"}},
        {"bandit": {"engines": "linear,oracle"}},
        {"bandit": {"epsilon": 1.5}},
        {"database": {"pool": 3}},
        {"index": {"kind": "guess"}},
        {"index": {"recall": 1.1}},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        Settings(**wrong)


def test_a_kind_of_index_whose_library_is_missing_names_the_extra(monkeypatch):
    monkeypatch.setattr("main.settings.find_spec", lambda name: None)
    with pytest.raises(ValidationError, match=r"marquee\[faiss\]"):
        Settings(index={"kind": "faiss"})
    assert Settings(index={"kind": "annoy"}).index.kind == "annoy"


def test_secrets_are_masked_when_shown():
    settings = Settings(auth={"secret": LONG}, database={"url": "postgresql://anna:hunter2@db/marquee"})
    shown = dict(shown_settings(settings))
    assert shown["auth.secret"] == "**********"
    assert LONG not in str(shown) and "hunter2" not in str(shown)
    assert shown["serving.min_interactions"] == "5"


def test_data_without_a_training_config_of_its_own_takes_the_default():
    assert "ncf" in read_training_config().engines
    assert read_training_config(dataset="something else") == read_training_config()
