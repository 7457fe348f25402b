import pytest

from application.accounts import NewAccount
from application.group_lists import RecommendToGroup
from application.rating import NewRating, RateItems
from domain.errors import UserNotFound
from domain.grouping import AVERAGE, FAIR, STRATEGIES
from domain.recommendation import RecommendationRequest
from domain.users import Principal


@pytest.fixture
def recommend(states, lineups, show, rules):
    return RecommendToGroup(states, lineups, show, rules)


@pytest.fixture
def group(sign_up, database, clock):
    """Two who like war films (the odd ones) and one who likes dramas."""
    members = []
    for name, liked in (("anna", (1, 3, 5, 7, 9)), ("bob", (3, 5, 11, 13, 15)), ("cy", (2, 4, 6, 8, 10))):
        user = sign_up(NewAccount(f"{name}@example.com", name, "long enough"))
        RateItems(database, clock)(Principal(user.id, user.role), [NewRating(item, 5.0) for item in liked])
        members.append(user.id)
    return members


def ids(group_list):
    return [one.item_id for one in group_list.shown.recommendations]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nobody_is_shown_what_one_of_them_has_had(recommend, group, strategy):
    found = recommend(group, RecommendationRequest(k=5), strategy)
    assert len(set(ids(found))) == 5 and not set(ids(found)) & {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15}


def test_every_title_comes_with_what_each_member_thinks_of_it(recommend, group):
    found = recommend(group, RecommendationRequest(k=4), FAIR)
    assert set(found.voices) == set(ids(found))
    for voices in found.voices.values():
        assert [voice.user_id for voice in voices] == group
        assert all(0 <= voice.satisfaction <= 1 for voice in voices)
    dramas = [item for item in ids(found) if item % 2 == 0]
    assert all(found.voices[item][2].satisfaction > found.voices[item][0].satisfaction for item in dramas)


def test_a_fair_list_has_something_for_the_one(recommend, group):
    by_average = recommend(group, RecommendationRequest(k=2), AVERAGE)
    fair = recommend(group, RecommendationRequest(k=2), FAIR)
    assert all(item % 2 for item in ids(by_average))
    assert any(item % 2 == 0 for item in ids(fair))


def test_the_list_is_in_the_log_as_nobodys(recommend, group, database):
    found = recommend(group, RecommendationRequest(k=3), FAIR)
    (logged,) = database.rows.impressions
    assert (logged.id, logged.user_id, logged.surface, logged.engine) == (
        found.shown.impression_id, None, "group", "group",
    )  # fmt: skip


def test_a_member_who_does_not_exist_is_named(recommend, group):
    with pytest.raises(UserNotFound, match="77"):
        recommend([*group, 77], RecommendationRequest(k=3), FAIR)
