"""What every generator promises, and what each is for."""

import numpy as np
import pytest

from domain.catalogue import Catalogue
from domain.items import Item, ItemFilter, Kind
from infrastructure.generators.content import ContentGenerator
from infrastructure.generators.demographic import DemographicGenerator, bracket_name
from infrastructure.generators.item_neighbours import NEXT, CollaborativeGenerator
from infrastructure.generators.popularity import PopularityGenerator, PopularityRanker
from infrastructure.generators.signals import Capped
from tests.unit.generators.films import FILMS, ask


def ids(catalogue, candidates):
    return catalogue.ids[candidates.positions].tolist()


def every_generator(catalogue, model):
    return [
        PopularityGenerator(catalogue),
        ContentGenerator(catalogue),
        CollaborativeGenerator(catalogue, model),
        DemographicGenerator(catalogue, model),
    ]


def test_no_generator_proposes_what_was_seen_or_filtered_out(catalogue, model):
    context = ask(catalogue, [(1, 5), (4, 5)], ItemFilter(exclude=frozenset({2, 5})), gender="F")
    for generator in every_generator(catalogue, model):
        proposed = ids(catalogue, generator(context, 100))
        assert proposed, generator.name
        assert not set(proposed) & {1, 2, 4, 5}, generator.name


def test_every_generator_keeps_to_the_limit_and_puts_the_best_first(catalogue, model):
    context = ask(catalogue, [(1, 5)], gender="F")
    for generator in every_generator(catalogue, model):
        everything = generator(context, 100)
        assert (np.diff(everything.scores) <= 0).all(), generator.name
        two = generator(context, 2)
        assert len(two) <= 2
        assert two.positions.tolist() == everything.positions[:2].tolist(), generator.name


def test_filters_apply_before_the_cap(catalogue, model):
    """A list of comedies is as long as there are comedies, however many crime films would stand above them."""
    comedies = ItemFilter(genres=frozenset({"Comedy"}))
    context = ask(catalogue, wanted=comedies)
    assert ids(catalogue, PopularityGenerator(catalogue)(context, 2)) == [6, 7]


def test_popularity_orders_by_count_and_then_by_mean(catalogue):
    context = ask(catalogue)
    assert ids(catalogue, PopularityGenerator(catalogue)(context, 7)) == [1, 3, 2, 6, 4, 5, 7]
    scores = PopularityRanker(catalogue).score(context, np.array([1, 2]))
    assert scores[1] > scores[0]


def test_popularity_gives_its_figures_as_the_reason(catalogue):
    texts = [reason.text for reason in PopularityRanker(catalogue).explain(ask(catalogue), np.array([0, 6]))]
    assert texts == ["Rated 4.0 of 5 by 90 people", "New in the catalogue"]


def test_what_each_event_adds_makes_up_the_score_by_content(catalogue):
    content = ContentGenerator(catalogue)
    context = ask(catalogue, [(1, 5), (4, 1), (3, 4)])
    positions = np.array([1, 4, 6])
    added = content.contributions(context, positions)
    assert added.shape == (3, 3)
    assert added[1, 1] < 0, "more tears for who did not like tears"
    np.testing.assert_allclose(added.sum(axis=1), content.score(context, positions))


def test_content_explains_by_what_was_liked_and_by_genre_without_it(catalogue):
    content = ContentGenerator(catalogue)
    (liked,) = content.explain(ask(catalogue, [(1, 5), (6, 5)]), np.array([1]))
    assert (liked.text, liked.because_of) == ("Because you liked *Heat*", (1,))
    (favourite,) = content.explain(ask(catalogue, favourite_genres=["Drama"]), np.array([4]))
    assert favourite.text == "Matches your taste for Drama"
    assert not content.score(ask(catalogue), np.array([4])).any()


def test_content_follows_genres_tags_and_words(catalogue):
    found = ids(catalogue, ContentGenerator(catalogue)(ask(catalogue, [(1, 5)]), 10))
    assert found[0] == 2, "the one with the same genre and tag"
    assert found[1] == 3, "then the one with the same genre"
    assert not {4, 5, 6, 7} & set(found), "nothing in common is no candidate"


def test_what_was_disliked_counts_against_what_is_like_it(catalogue):
    content = ContentGenerator(catalogue)
    liked = content.scores(ask(catalogue, [(3, 5)]))
    mixed = content.scores(ask(catalogue, [(4, 1), (3, 5)]))
    assert mixed[4] < liked[4]
    assert ids(catalogue, content(ask(catalogue, [(4, 1)]), 10)) == []


def test_favourite_genres_alone_are_enough_for_content(catalogue):
    content = ContentGenerator(catalogue)
    assert set(ids(catalogue, content(ask(catalogue, favourite_genres=["Comedy", "Opera"]), 10))) == {6, 7}
    assert content.scores(ask(catalogue)) is None
    assert ids(catalogue, content(ask(catalogue), 10)) == []


def test_similar_items_are_never_the_item_itself(catalogue, model):
    everything = np.ones(len(catalogue), dtype=bool)
    for voice in (ContentGenerator(catalogue), CollaborativeGenerator(catalogue, model)):
        found = ids(catalogue, voice.similar(0, everything, 10))
        assert found[:2] == [2, 3], voice.name
        assert 1 not in found
        some = everything & (catalogue.ids != 2)
        assert ids(catalogue, voice.similar(0, some, 1)) == [3], voice.name


def test_nothing_is_similar_by_ratings_to_an_item_without_any(catalogue, model):
    everything = np.ones(len(catalogue), dtype=bool)
    assert len(CollaborativeGenerator(catalogue, model).similar(6, everything, 10)) == 0


def test_collaborative_follows_what_was_liked_and_not_what_was_not(catalogue, model):
    collaborative = CollaborativeGenerator(catalogue, model)
    assert ids(catalogue, collaborative(ask(catalogue, [(4, 1), (1, 5)]), 10))[:2] == [2, 3]
    assert collaborative.scores(ask(catalogue, [(1, 2)])) is None
    assert len(collaborative(ask(catalogue), 10)) == 0


def test_collaborative_gives_the_newest_like_the_most_weight(catalogue, model):
    collaborative = CollaborativeGenerator(catalogue, model)
    crime_last = collaborative.scores(ask(catalogue, [(4, 5), (1, 5)]))
    drama_last = collaborative.scores(ask(catalogue, [(1, 5), (4, 5)]))
    assert crime_last[1] > drama_last[1]
    assert crime_last[4] < drama_last[4]


def test_contributions_add_up_to_the_score(catalogue, model):
    collaborative = CollaborativeGenerator(catalogue, model)
    context = ask(catalogue, [(4, 5), (6, 2), (1, 5)])
    positions = np.array([1, 2, 4])
    added = collaborative.contributions(context, positions)
    np.testing.assert_allclose(added.sum(axis=1), collaborative.scores(context)[positions])


def test_collaborative_works_when_the_catalogue_and_the_model_differ(catalogue, model):
    """Item 2 has left the catalogue, and items 6 and 7 are not among the model's."""
    smaller = Catalogue.of([Item(Kind.MOVIE, title, id=i, genres=genres) for i, title, genres, *_ in FILMS if i != 2])
    collaborative = CollaborativeGenerator(smaller, model)
    assert ids(smaller, collaborative(ask(smaller, [(1, 5), (7, 5)]), 10))[0] == 3
    everything = np.ones(len(smaller), dtype=bool)
    assert 2 not in ids(smaller, collaborative.similar(0, everything, 10))


def test_demographics_bring_up_what_the_group_likes_more_than_others(catalogue, model):
    demographic = DemographicGenerator(catalogue, model)
    women = demographic.scores(ask(catalogue, gender="F"))
    men = demographic.scores(ask(catalogue, gender="M"))
    assert women[3] - women[0] > men[3] - men[0]
    assert ids(catalogue, demographic(ask(catalogue, gender="M"), 1)) == [1]


def test_demographics_know_nothing_of_somebody_unknown(catalogue, model):
    demographic = DemographicGenerator(catalogue, model)
    assert demographic.scores(ask(catalogue)) is None
    assert demographic.scores(ask(catalogue, gender="X", occupation="astronaut")) is None
    assert demographic.scores(ask(catalogue, age=30)) is not None


def test_demographics_explain_by_the_group_that_speaks_for_an_item(catalogue, model):
    demographic = DemographicGenerator(catalogue, model)
    woman = ask(catalogue, gender="F")
    assert demographic.reasons(woman, np.array([3]))[0].text == "Liked by women"
    assert demographic.reasons(woman, np.array([0])) == [None]
    assert demographic.reasons(ask(catalogue), np.array([3])) == [None]


@pytest.mark.parametrize(
    ("age", "words"), [(10, "under 18"), (18, "18–24"), (34, "25–34"), (56, "56 and over"), (80, "56 and over")]
)
def test_age_brackets_are_named_as_people_say_them(age, words):
    assert bracket_name(age) == words


def test_what_comes_next_follows_everything_that_was_taken_up(catalogue, model):
    """A rating of one star still says what somebody was about; taste must not follow it, candidates may."""
    context = ask(catalogue, [(1, 1)])
    assert CollaborativeGenerator(catalogue, model).scores(context) is None
    assert ids(catalogue, CollaborativeGenerator(catalogue, model, NEXT)(context, 2)) == [2, 3]


def test_a_cap_holds_whatever_is_asked_for(catalogue):
    capped = Capped(PopularityGenerator(catalogue), 2)
    assert capped.name == "popularity"
    assert ids(catalogue, capped(ask(catalogue), 5)) == [1, 3]
    assert ids(catalogue, capped(ask(catalogue), 1)) == [1]
