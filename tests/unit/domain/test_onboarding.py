import numpy as np
import pytest

from domain.catalogue import Catalogue
from domain.items import Item, Kind
from domain.onboarding import MOST_ASKED, Answer, OnboardingAnswer, as_history, next_questions, titles_by_genre


def film(item_id, count, *genres):
    return Item(Kind.MOVIE, f"Film {item_id}", id=item_id, genres=genres, rating_count=count, rating_sum=4.0 * count)


@pytest.fixture
def catalogue():
    return Catalogue.of([film(1, 100, "War"), film(2, 90, "War"), film(3, 60, "Drama"), film(4, 1, "Comedy")])


VECTORS = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)
EVERYTHING = np.ones(4, dtype=bool)


def ask(catalogue, answers=(), size=2):
    return next_questions(catalogue, VECTORS, EVERYTHING, list(answers), size)


def test_one_screen_does_not_ask_the_same_thing_twice(catalogue):
    assert catalogue.ids[ask(catalogue).positions].tolist() == [1, 3]


def test_a_title_that_nobody_knows_is_asked_about_last(catalogue):
    assert catalogue.ids[ask(catalogue, size=4).positions].tolist()[-1] == 4


def test_what_was_answered_is_not_asked_again(catalogue):
    answers = [OnboardingAnswer(1, Answer.UNSEEN), OnboardingAnswer(3, Answer.LIKE)]
    assert set(catalogue.ids[ask(catalogue, answers, 4).positions].tolist()) == {2, 4}


def test_confidence_grows_with_answers_and_not_with_unseen_ones(catalogue):
    none = ask(catalogue).confidence
    unseen = ask(catalogue, [OnboardingAnswer(1, Answer.UNSEEN)]).confidence
    one = ask(catalogue, [OnboardingAnswer(1, Answer.LIKE)]).confidence
    two = ask(catalogue, [OnboardingAnswer(1, Answer.LIKE), OnboardingAnswer(3, Answer.DISLIKE)]).confidence
    assert none == unseen == pytest.approx(0.0)
    assert 0 < one < two <= 1


def test_it_stops_asking_after_so_many_answers(catalogue):
    answers = [OnboardingAnswer(2, Answer.UNSEEN)] * MOST_ASKED
    assert ask(catalogue, answers).done


def test_answers_become_ratings_and_unseen_titles_say_nothing():
    history = as_history(
        [OnboardingAnswer(1, Answer.LIKE), OnboardingAnswer(2, Answer.UNSEEN), OnboardingAnswer(3, Answer.DISLIKE)]
    )
    assert history.item_ids.tolist() == [1, 3]
    assert history.ratings.tolist() == [5.0, 1.0]


def test_titles_of_each_genre_are_the_most_rated_ones(catalogue):
    found = titles_by_genre(catalogue, EVERYTHING, 1)
    assert {genre: catalogue.ids[positions].tolist() for genre, positions in found.items()} == {
        "Comedy": [4],
        "Drama": [3],
        "War": [1],
    }


def test_an_empty_catalogue_has_nothing_to_ask():
    empty = Catalogue.of([])
    questions = next_questions(empty, np.zeros((0, 3), dtype=np.float32), np.zeros(0, dtype=bool), [], 5)
    assert len(questions.positions) == 0
    assert questions.done
