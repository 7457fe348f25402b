from datetime import UTC, datetime

import pytest

from domain.errors import MalformedDataset
from domain.items import Kind
from domain.ports.datasets import DatasetCounts
from infrastructure.datasets.movielens import read_movielens
from tests.unit.datasets.samples import ATOMIC, ML_1M, ML_100K, FakeArchive, FakeProgress, encoded

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def read(files, encoding="latin-1", name="tiny"):
    return read_movielens(FakeArchive(encoded(files, encoding)), name, "a test", FakeProgress())


def item_rows(dataset):
    return [(item.id, item.title, item.year, item.genres) for item in dataset.items()]


def rating_rows(dataset, start=0):
    return [(rating.user_id, rating.item_id, rating.value, rating.timestamp) for rating in dataset.ratings(start)]


def test_the_100k_layout_takes_genre_flags_by_genre_id():
    dataset = read(ML_100K)
    assert item_rows(dataset) == [
        (1, "Toy Story", 1995, ("Comedy",)),
        (11, "Seven (Se7en)", 1995, ("Action", "Drama")),
        (267, "unknown", None, ()),
        (543, "Les Misérables", 1995, ("Drama",)),
    ]
    assert {item.kind for item in dataset.items()} == {Kind.MOVIE}


def test_the_1m_layout_takes_genres_by_name():
    assert item_rows(read(ML_1M)) == [
        (1, "Toy Story", 1995, ("Animation", "Children's", "Comedy")),
        (29, "The City of Lost Children (La Cité des enfants perdus)", 1995, ("Adventure", "Sci-Fi")),
        (318, "The Shawshank Redemption", 1994, ("Drama",)),
    ]


def test_the_atomic_copy_reads_as_the_published_files_do():
    dataset = read(ATOMIC, "utf-8")
    assert item_rows(dataset) == [
        (1, "Toy Story", 1995, ("Animation", "Children's", "Comedy")),
        (267, "unknown", None, ()),
        (543, "Les Misérables", 1995, ("Drama", "Musical")),
        (1412, "Land Before Time III: The Time of the Great Giving", 1995, ("Animation", "Children's")),
    ]
    assert rating_rows(dataset) == [(1, 543, 4.0, 881250949)]


def test_users_become_accounts_that_cannot_sign_in():
    first, second = read(ML_1M, name="ml-1m").users(NOW)
    assert (first.id, first.username, first.origin, first.created_at) == (1, "ml-1m-1", "ml-1m", NOW)
    assert (first.email, first.password_hash) == (None, None)
    assert (first.age, first.gender, first.occupation, first.zip_code) == (1, "F", "K-12 student", "48067")
    assert (second.id, second.occupation) == (5, "writer")


def test_the_100k_layout_gives_occupations_as_they_stand():
    assert [user.occupation for user in read(ML_100K).users(NOW)] == ["technician", "other"]


def test_ratings_keep_the_order_of_the_file():
    assert rating_rows(read(ML_100K)) == [(1, 11, 3.0, 881250949), (2, 1, 5.0, 891717742), (1, 543, 4.0, 881250949)]


def test_ratings_can_be_read_from_a_given_row_on():
    dataset = read(ML_1M)
    assert rating_rows(dataset, start=3) == [(5, 318, 2.0, 978300761)]
    assert rating_rows(dataset, start=4) == []


def test_ids_and_half_stars_in_another_spelling_are_read_all_the_same():
    files = ML_1M | {"ratings.dat": "01::318::3.50::978300760\n5::0001::.5::0\n"}
    assert rating_rows(read(files)) == [(1, 318, 3.5, 978300760), (5, 1, 0.5, 0)]


def test_rows_are_counted():
    assert read(ML_100K).counts == DatasetCounts(items=4, users=2, ratings=3)


def test_windows_line_ends_and_blank_lines_say_nothing():
    files = {name: text.replace("\n", "\r\n") + "\r\n" for name, text in ML_1M.items()}
    assert rating_rows(read(files)) == rating_rows(read(ML_1M))


def test_the_files_may_lie_in_any_folder_and_the_topmost_count():
    nested = {f"deep/er/{name}": text.replace("Toy Story", "Deep Story") for name, text in ML_1M.items()}
    dataset = read(nested | {f"top/{name}": text for name, text in ML_1M.items()} | {"README": "hello"})
    assert item_rows(dataset)[0][1] == "Toy Story"
    assert item_rows(read(nested))[0][1] == "Deep Story"


def test_an_archive_in_no_known_layout_is_refused_with_what_was_looked_for():
    with pytest.raises(MalformedDataset, match=r"ratings\.dat") as refused:
        read({"movies.dat": "", "users.dat": "", "elsewhere/ratings.dat": ""})
    assert "u.data" in refused.value.message


def test_equal_contents_have_equal_fingerprints_and_others_do_not():
    changed = ML_1M | {"ratings.dat": ML_1M["ratings.dat"].replace("978300761", "978300762")}
    assert read(ML_1M).fingerprint == read(ML_1M).fingerprint
    assert read(ML_1M).fingerprint != read(changed).fingerprint


def test_files_that_change_after_they_were_checked_are_refused_when_they_are_read():
    files = encoded(ML_1M)
    dataset = read_movielens(FakeArchive(files), "tiny", "a test", FakeProgress())
    files["ratings.dat"] += b"5::29::six::1\n"
    with pytest.raises(MalformedDataset):
        list(dataset.ratings())
