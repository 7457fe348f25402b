import pytest

from domain.errors import Detail, MalformedDataset
from infrastructure.datasets.movielens import read_movielens
from tests.unit.datasets.samples import ATOMIC, ML_1M, ML_100K, FakeArchive, FakeProgress, encoded


def refused(files):
    with pytest.raises(MalformedDataset) as error:
        read_movielens(FakeArchive(files), "tiny", "a test", FakeProgress())
    return error.value


def problems_of_1m(file, row):
    """What is said about one more row at the end of a file of the 1M layout."""
    files = encoded(ML_1M)
    files[file] += row
    return [detail.problem for detail in refused(files).details]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b"1::1::5\n", "has 3 fields where 4 belong"),
        (b"1::1::5::1::1\n", "has 5 fields where 4 belong"),
        (b"one::1::5::1\n", "user id 'one' is not a whole number"),
        (b"1::1.5::5::1\n", "item id '1.5' is not a whole number"),
        (b"1_0::1::5::1\n", "user id '1_0' is not a whole number"),
        (b"0::1::5::1\n", "user id '0' does not lie between 1 and 2147483647"),
        (b"1::-1::5::1\n", "item id '-1' does not lie between 1 and 2147483647"),
        (b"9::1::5::1\n", "there is no user 9"),
        (b"1::9::5::1\n", "there is no item 9"),
        (b"1::1::six::1\n", "rating 'six' is not a number"),
        (b"1::1::0::1\n", "rating '0' is not on the scale of 0.5 to 5 in half steps"),
        (b"1::1::5.5::1\n", "rating '5.5' is not on the scale of 0.5 to 5 in half steps"),
        (b"1::1::3.25::1\n", "rating '3.25' is not on the scale of 0.5 to 5 in half steps"),
        (b"1::1::nan::1\n", "rating 'nan' is not on the scale of 0.5 to 5 in half steps"),
        (b"1::1::inf::1\n", "rating 'inf' is not on the scale of 0.5 to 5 in half steps"),
        (b"1::1::5::-1\n", "timestamp '-1' is negative"),
        (b"1::1::5::1.5\n", "timestamp '1.5' is not a whole number"),
        (b"1::1::5::978300760000\n", "timestamp '978300760000' is not in seconds since 1970"),
        (b"1::318::5::1\n", "user 1 has rated item 318 in an earlier line"),
        (b"1::1::\xe95::1\n", "rating 'é5' is not a number"),
    ],
)
def test_a_malformed_rating_is_named(row, problem):
    assert problems_of_1m("ratings.dat", row) == [problem]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b"7::Untitled (1999)\n", "has 2 fields where 3 belong"),
        (b"seven::Untitled (1999)::Drama\n", "item id 'seven' is not a whole number"),
        (b"1::Another (1999)::Drama\n", "id 1 stands in line 1 already"),
        (b"7:: (1999)::Drama\n", "has no title"),
        (b"7::Caf\xc3\xa9 (1999)::Drama\n", "is in UTF-8, where this layout is in Latin-1"),
        (b"7::Bad\x00title (1999)::Drama\n", "holds control characters"),
        (b"7::Caf\x85\xe9 (1999)::Drama\n", "holds control characters"),
    ],
)
def test_a_malformed_item_is_named(row, problem):
    assert problems_of_1m("movies.dat", row) == [problem]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b"7::M::25::1\n", "has 4 fields where 5 belong"),
        (b"1::M::25::1::12345\n", "id 1 stands in line 1 already"),
        (b"7::X::25::1::12345\n", "gender 'X' is neither M nor F"),
        (b"7::M::young::1::12345\n", "age 'young' is not a whole number"),
        (b"7::M::131::1::12345\n", "age '131' does not lie between 0 and 130"),
        (b"7::M::25::21::12345\n", "occupation '21' is not one of 0 to 20"),
        (b"2147483648::M::25::1::12345\n", "user id '2147483648' does not lie between 1 and 2147483647"),
    ],
)
def test_a_malformed_user_is_named(row, problem):
    assert problems_of_1m("users.dat", row) == [problem]


@pytest.mark.parametrize(
    ("file", "row", "problem"),
    [
        ("u.item", b"9|Untitled (1999)||||0|1|0\n", "has 8 fields where 9 belong"),
        ("u.item", b"9|Untitled (1999)||||0|1|0|2\n", "a genre flag is neither 0 nor 1"),
        ("u.genre", b"Western|5\n", "genre id '5' should be 4"),
        ("u.user", b"3|24|M|writer\n", "has 4 fields where 5 belong"),
        ("u.data", b"1 1 3 881250949\n", "has 1 fields where 4 belong"),
    ],
)
def test_a_malformed_row_of_the_100k_layout_is_named(file, row, problem):
    files = encoded(ML_100K)
    files[file] += row
    assert problem in [detail.problem for detail in refused(files).details]


def test_a_problem_says_file_and_line():
    files = encoded(ML_1M | {"ratings.dat": "1::318::5::978300760\n\n1::29::9::978302109\n"})
    error = refused(files)
    assert error.details == (Detail("ratings.dat:3", "rating '9' is not on the scale of 0.5 to 5 in half steps"),)
    assert error.message == "tiny was not loaded: 1 row cannot be read."


def test_the_second_of_two_equal_pairs_is_the_one_that_is_named():
    files = encoded(ML_1M | {"ratings.dat": "5::1::4::9\n1::29::3::8\n5::1::2::7\n1::29::3::8\n5::1::2::7\n"})
    assert [detail.where for detail in refused(files).details] == ["ratings.dat:3", "ratings.dat:4", "ratings.dat:5"]


def test_a_hundred_problems_are_named_and_all_are_counted():
    files = encoded(ML_1M)
    files["ratings.dat"] += b"".join(b"1::1::7::%d\n" % n for n in range(250))
    error = refused(files)
    assert len(error.details) == 100
    assert error.message == "tiny was not loaded: 250 rows cannot be read. The first 100 are named."


def test_problems_of_every_file_are_named_at_once():
    files = encoded(ML_1M)
    for file in files:
        files[file] += b"x\n"
    assert [detail.where for detail in refused(files).details] == ["movies.dat:4", "users.dat:3", "ratings.dat:5"]


def test_a_long_field_is_cut_where_it_is_named():
    (problem,) = problems_of_1m("ratings.dat", b"1::1::" + b"9" * 10_000 + b"::1\n")
    assert len(problem) < 120


@pytest.mark.parametrize("file", ["movies.dat", "users.dat", "ratings.dat"])
def test_an_empty_file_is_named(file):
    details = refused(encoded(ML_1M | {file: ""})).details
    assert Detail(file, "holds no row that can be read") in details


def test_the_atomic_copy_must_have_its_headers():
    files = encoded(ATOMIC, "utf-8")
    files["ml-100k.user"] = files["ml-100k.user"].replace(b"zip_code:token", b"zip:token")
    (detail,) = refused(files).details
    assert detail.where == "ml-100k.user:1"


def test_a_byte_that_is_not_utf8_is_named_where_utf8_belongs():
    files = encoded(ATOMIC, "utf-8")
    files["ml-100k.item"] += b"7\tCaf\xe9\t1999\tDrama\n"
    assert [detail.problem for detail in refused(files).details] == ["is not in utf-8"]
