"""MovieLens itself, where MARQUEE_DATASETS names a folder that holds it."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from benchmarks.protocols import ML_1M as SIZES
from benchmarks.protocols import protocols_of_ml_1m
from domain.events import Interactions
from domain.splitting import k_core, leave_last_out
from infrastructure.datasets.published import ML_1M, ML_100K, PUBLISHED
from infrastructure.datasets.sources import DatasetFolder, MovieLensSource
from tests.unit.datasets.samples import FakeProgress

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def fetch():
    folder = os.environ.get("MARQUEE_DATASETS")
    if folder is None:
        pytest.skip("MARQUEE_DATASETS names no folder with ml-100k.zip and ml-1m.zip")
    source = MovieLensSource([DatasetFolder(Path(folder))], FakeProgress())
    datasets = {name: source.fetch(name) for name in PUBLISHED}
    return datasets.__getitem__


@pytest.fixture(scope="module")
def ml_1m(fetch):
    rows = [(row.user_id, row.item_id, row.value, row.timestamp) for row in fetch("ml-1m").ratings()]
    users, items, ratings, times = zip(*rows, strict=True)
    return Interactions(
        np.array(users, dtype=np.int64),
        np.array(items, dtype=np.int64),
        np.array(ratings, dtype=np.float32),
        np.array(times, dtype=np.int64),
    )


@pytest.mark.parametrize("published", [ML_100K, ML_1M], ids=lambda published: published.name)
def test_the_data_set_is_whole(fetch, published):
    dataset = fetch(published.name)
    assert dataset.counts == published.counts
    assert sum(1 for _ in dataset.ratings()) == published.counts.ratings


@pytest.mark.parametrize(
    ("name", "item_id", "title", "year", "genres"),
    [
        ("ml-100k", 1, "Toy Story", 1995, ("Animation", "Children's", "Comedy")),
        ("ml-100k", 267, "unknown", None, ()),
        ("ml-100k", 543, "Les Misérables", 1995, ("Drama", "Musical")),
        ("ml-100k", 1412, "Land Before Time III: The Time of the Great Giving", 1995, ("Animation", "Children's")),
        ("ml-1m", 318, "The Shawshank Redemption", 1994, ("Drama",)),
        ("ml-1m", 47, "Seven (Se7en)", 1995, ("Crime", "Thriller")),
        (
            "ml-1m",
            29,
            "The City of Lost Children",
            1995,
            ("Adventure", "Sci-Fi"),
        ),
        ("ml-1m", 3952, "The Contender", 2000, ("Drama", "Thriller")),
    ],
)
def test_titles_years_and_genres_are_as_people_know_them(fetch, name, item_id, title, year, genres):
    item = next(item for item in fetch(name).items() if item.id == item_id)
    assert (item.title, item.year, item.genres) == (title, year, genres)


@pytest.mark.parametrize("name", ["ml-100k", "ml-1m"])
def test_every_title_but_the_unknown_one_has_a_year_and_keeps_no_article_behind(fetch, name):
    items = list(fetch(name).items())
    assert [item.title for item in items if item.year is None] == (["unknown"] if name == "ml-100k" else [])
    assert [item.title for item in items if item.title.endswith((", The", ", A", ", An", "(", " "))] == []


def test_users_carry_their_demographics(fetch):
    first = next(fetch("ml-100k").users(NOW))
    assert (first.username, first.age, first.gender, first.occupation) == ("ml-100k-1", 24, "M", "technician")
    users = list(fetch("ml-1m").users(NOW))
    assert {user.age for user in users} == {1, 18, 25, 35, 45, 50, 56}
    assert {user.occupation for user in users} >= {"K-12 student", "writer", "other"}


def test_the_reference_order_is_reproduced(ml_1m):
    """The order that the published SASRec family uses: all ratings, five of each user and item at least."""
    core = k_core(ml_1m, users=5, items=5).in_user_time_order()
    assert (len(np.unique(core.user_ids)), len(np.unique(core.item_ids)), len(core)) == (6_040, 3_416, 999_611)
    lines = "".join(f"{user} {item}\n" for user, item in zip(core.user_ids, core.item_ids, strict=True))
    assert (
        hashlib.sha256(lines.encode()).hexdigest() == "340594f9c18997e5f0a9c7dc753ec93264ef056a06976c355bfc467a3ac8fbd2"
    )


def test_the_reference_split_holds_out_two_events_of_every_user(ml_1m):
    split = leave_last_out(k_core(ml_1m))
    assert (len(split.train), len(split.validation), len(split.test)) == (999_611 - 2 * 6_040, 6_040, 6_040)


def test_every_protocol_has_the_counts_that_are_known_of_it(ml_1m):
    """Among them the reference order and RecBole's 834,449 events of ratings from 3 on in the 10-core."""
    made = {protocol.name: protocol for protocol in protocols_of_ml_1m(ml_1m)}
    assert list(made) == list(SIZES)
    assert len(made["global-time-last"].ask(made["global-time-last"].split, {})) == 1_209
    assert len(made["random-parts"].ask(made["random-parts"].split, {})) == 6_033
    assert made["sampled-candidates"].candidates.shape == (6_040, 100)
    parts = made["random-parts"].split
    assert sum(len(part) for part in (parts.train, parts.validation, parts.test)) == 834_449
