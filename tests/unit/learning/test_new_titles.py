import numpy as np

from domain.catalogue import Catalogue
from domain.items import Item, Kind
from infrastructure.learning.new_titles import placed_by_content

WAR, LOVE = np.array([1.0, 0.0], dtype=np.float32), np.array([0.0, 1.0], dtype=np.float32)


def item(item_id, kind=Kind.MOVIE, genre="War", title="Film"):
    return Item(kind, f"{title} {item_id}", id=item_id, genres=(genre,))


def placed(*items_and_vectors):
    items, vectors = zip(*items_and_vectors, strict=True)
    return placed_by_content(Catalogue.of(items), np.array(vectors, dtype=np.float32))


NOWHERE = np.zeros(2, dtype=np.float32)


def test_a_new_title_lies_among_those_that_it_is_like():
    vectors, count = placed(
        (item(1), WAR), (item(2), WAR), (item(3, genre="Romance"), LOVE), (item(4), NOWHERE), (item(5), NOWHERE)
    )
    assert count == 2
    np.testing.assert_allclose(vectors[3:], [WAR, WAR], atol=0.2)
    np.testing.assert_allclose(np.linalg.norm(vectors[3:], axis=1), 1.0, atol=1e-6)


def test_what_ratings_have_placed_stays_where_it_is():
    vectors, count = placed((item(1), WAR), (item(2), LOVE))
    np.testing.assert_array_equal(vectors, [WAR, LOVE])
    assert count == 0


def test_a_title_is_placed_among_its_own_kind_alone():
    vectors, count = placed((item(1), WAR), (item(2), WAR), (item(3, Kind.TRACK), NOWHERE))
    assert count == 0
    np.testing.assert_array_equal(vectors[2], NOWHERE)


def test_a_title_with_nothing_in_common_stays_nowhere():
    vectors, count = placed(
        (item(1, title="Film"), WAR), (item(2, title="Film"), WAR), (item(3, genre="Noir", title="Alone"), NOWHERE)
    )
    assert count == 0
    np.testing.assert_array_equal(vectors[2], NOWHERE)


def test_only_the_most_alike_of_many_count():
    many = [(item(i, genre="Romance"), LOVE) for i in range(1, 40)]
    likest = [(item(i, title="Trench Film"), WAR) for i in range(40, 70)]
    vectors, _ = placed(*many, *likest, (item(99, genre="War", title="Trench Film"), NOWHERE))
    np.testing.assert_allclose(vectors[-1], WAR, atol=1e-6)
