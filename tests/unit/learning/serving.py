"""Requests in the made-up worlds."""

from domain.items import ItemFilter
from domain.recommendation import Context, UserState
from domain.users import Demographics
from tests.unit.learning import worlds

SOMEBODY = Demographics(30, "F", "artist")


def context_of(catalogue, history, demographics=SOMEBODY, favourite_genres=frozenset(), wanted=None):
    state = UserState(1, history, demographics, favourite_genres=favourite_genres)
    return Context.of(catalogue, state, wanted or ItemFilter(), worlds.LIKED_FROM)
