import csv
import shutil
import sqlite3

import pyarrow.parquet as pq
import pytest

SETTINGS_OF_A_STRANGER = {"MARQUEE_SERVING__LIKED_FROM": "nine"}


def rows(marquee, query):
    with sqlite3.connect(marquee.home / "marquee.db") as connection:
        return connection.execute(query).fetchall()


def test_loading_twice_changes_nothing_and_reset_starts_over(marquee, dataset):
    assert "40 items, 60 users, 600 ratings" in marquee("data", "load", dataset)
    assert "already" in marquee("data", "load", dataset)
    before = rows(marquee, "SELECT count(*), max(id) FROM ratings")
    assert before == [(600, 600)]
    marquee("data", "load", dataset, "--reset")
    assert rows(marquee, "SELECT count(*) FROM ratings") == [(600,)]


def test_a_malformed_row_is_named_and_nothing_is_stored(marquee, dataset, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in dataset.iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    with (broken / "ratings.dat").open("a") as ratings:
        ratings.write("1::2::eleven::978300000\n")
    told = marquee("data", "load", broken, status=1)
    assert "ratings.dat:601" in told
    assert rows(marquee, "SELECT count(*) FROM items") == [(0,)]


def test_nothing_to_load_ends_with_one_clear_sentence(marquee):
    told = marquee("data", "load", "no/such/place", status=1)
    assert "no/such/place" in told
    assert "Traceback" not in told


def test_training_publishes_a_model_that_is_judged_and_serves(trained):
    told = trained("evaluate")
    assert [engine for engine in ("popularity", "baseline", "ncf", "auto") if engine in told] == [
        "popularity",
        "baseline",
        "ncf",
        "auto",
    ]
    assert "60 users" in told


def test_the_index_is_rebuilt(trained, tmp_path):
    copy = type(trained)(tmp_path / "home")
    shutil.copytree(trained.home, copy.home)
    told = copy("reindex", MARQUEE_INDEX__KIND="annoy")
    assert "index 2: annoy, 40 items" in told and "recall 1.000" in told
    assert "index 3: exact" in copy("reindex")
    copy("recommend", 1)


def test_without_a_model_there_is_nothing_to_index(marquee):
    assert "nothing_to_index" in marquee("reindex", status=1)


def test_a_user_is_recommended_what_they_have_not_rated(trained):
    told = trained("recommend", 1, "-k", 5, "--engine", "ncf")
    assert "Engine ncf" in told and "10 ratings applied" in told
    seen = rows(trained, "SELECT title FROM ratings JOIN items ON items.id = item_id WHERE user_id = 1")
    shown = {line.split("│")[2].strip() for line in told.splitlines() if line.count("│") > 3}
    assert len(shown) >= 5
    assert not shown & {title for (title,) in seen}


def test_an_unknown_engine_is_told_plainly(trained):
    assert "engine_unavailable" in trained("recommend", 1, "--engine", "oracle", status=1)


def test_training_needs_data(marquee):
    assert "Load a data set first" in marquee("train", status=1)


def test_a_config_that_cannot_be_read_is_refused(trained, tmp_path):
    config = tmp_path / "wrong.toml"
    config.write_text('engines = ["ncf"]\nmagic = 3\n')
    assert "magic" in trained("train", config, status=1)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_ratings_are_exported_as_they_were_stored(trained, tmp_path, suffix):
    path = tmp_path / f"ratings.{suffix}"
    assert "600 ratings" in trained("data", "export", path)
    if suffix == "csv":
        with path.open() as file:
            table = [tuple(map(float, row.values())) for row in csv.DictReader(file)]
    else:
        table = [tuple(map(float, row.values())) for row in pq.read_table(path).to_pylist()]
    stored = rows(trained, "SELECT user_id, item_id, value, timestamp FROM ratings ORDER BY id")
    assert table == [tuple(map(float, row)) for row in stored]


def test_an_online_update_counts_each_list_once_and_keeps_what_it_learnt(trained, tmp_path):
    copy = type(trained)(tmp_path / "home")
    shutil.copytree(trained.home, copy.home)
    with sqlite3.connect(copy.home / "marquee.db") as connection:
        connection.execute("DELETE FROM impressions")  # other tests have asked for lists
    told = copy("recommend", 1, "-k", 3, MARQUEE_BANDIT__POLICY="thompson")
    assert "Engine ncf" in told
    with sqlite3.connect(copy.home / "marquee.db") as connection:
        connection.execute(
            "INSERT INTO engagements"
            " (id, impression_id, item_id, user_id, action, occurred_at, recorded_at, rank, shown_at, engine)"
            " SELECT id, id, 1, user_id, 'click', shown_at, shown_at, 1, shown_at, engine FROM impressions"
        )
    for counted in (1, 0):
        told = copy("online-update", "--hours", 24, "--min-interactions", 1, MARQUEE_BANDIT__POLICY="epsilon_greedy")
        assert f"1 engagements in the last 24 hours, {counted} lists counted" in told
        assert "policy epsilon_greedy" in told and "0.5000" in told
    assert rows(copy, "SELECT context, engine, pulls, reward_sum FROM bandit_arms") == [("5-19", "ncf", 1, 0.5)]


def test_an_admin_is_made_with_a_password_from_a_pipe(marquee):
    told = marquee("users", "create-admin", "root@example.com", "--password-stdin", stdin="a long enough secret\n")
    assert "root@example.com" in told and "a long enough secret" not in told
    assert rows(marquee, "SELECT email, role FROM users") == [("root@example.com", "admin")]
    weak = ["users", "create-admin", "other@example.com", "--password-stdin"]
    assert "weak_password" in marquee(*weak, stdin="password\n", status=1)


def test_settings_are_shown_and_checked(marquee):
    told = marquee("config", "show", MARQUEE_AUTH__SECRET="s" * 40)
    assert "auth.secret = **********" in told and "s" * 40 not in told
    secrets = {"MARQUEE_AUTH__SECRET": "s" * 40, "MARQUEE_AUTH__PREVIOUS_SECRET": "p" * 40}
    url = "postgresql+psycopg://marquee:hunter2@localhost/marquee"
    told = marquee("config", MARQUEE_DATABASE__URL=url, MARQUEE_SERVING__EXPLORATION="0.1", **secrets)
    assert "serving.exploration = 0.1" in told and "database.url = **********" in told
    assert not [secret for secret in ("hunter2", "s" * 40, "p" * 40) if secret in told]
    assert "serving.liked_from" in marquee("config", "show", status=1, **SETTINGS_OF_A_STRANGER)


def test_made_up_people_fill_the_log_and_can_be_removed(marquee, dataset):
    marquee("data", "load", dataset)
    said = marquee("simulate", "--users", "8", "--days", "2", "--engine", "popularity")
    assert "8 made-up people" in said and "popularity" in said
    with sqlite3.connect(marquee.home / "marquee.db") as connection:
        assert connection.execute("SELECT count(*) FROM impressions").fetchone()[0] > 0
    assert "8 simulated accounts were erased" in marquee("simulate", "--remove")
    with sqlite3.connect(marquee.home / "marquee.db") as connection:
        assert connection.execute("SELECT count(*) FROM impressions").fetchone()[0] == 0
    connection.close()
