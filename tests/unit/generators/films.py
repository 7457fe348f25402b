"""Seven films, and what somebody may ask of them."""

from domain.catalogue import Catalogue
from domain.events import History
from domain.items import Item, ItemFilter, Kind
from domain.recommendation import Context, UserState
from domain.users import Demographics

#: id, title, genres, tags, number of ratings, their mean
FILMS = [
    (1, "Heat", ("Crime",), ("heist",), 90, 4.0),
    (2, "The Heist", ("Crime",), ("heist",), 80, 3.5),
    (3, "Robbery", ("Crime", "Drama"), (), 80, 4.5),
    (4, "Tears", ("Drama",), (), 5, 3.0),
    (5, "More Tears", ("Drama",), (), 4, 3.0),
    (6, "Laughter", ("Comedy",), (), 50, 2.0),
    (7, "New Laughter", ("Comedy",), (), 0, 0.0),
]
#: items 1, 2, 3 lie together, and 4, 5; 6 stands alone; the model has never seen 7
VECTORS = {1: (1, 0, 0), 2: (0.9, 0.1, 0), 3: (0.8, 0.3, 0), 4: (0, 1, 0), 5: (0, 0.9, 0.2), 6: (0, 0, 1)}


def films():
    """The catalogue of them."""
    return Catalogue.of(
        [
            Item(Kind.MOVIE, title, id=i, genres=genres, tags=tags, rating_count=count, rating_sum=count * mean)
            for i, title, genres, tags, count, mean in FILMS
        ]
    )


def ask(catalogue, history=(), wanted=None, favourite_genres=(), **known):
    events = History.of([item for item, _ in history], [rating for _, rating in history])
    state = UserState(1, events, Demographics(**known), favourite_genres=frozenset(favourite_genres))
    return Context.of(catalogue, state, wanted or ItemFilter(), 4.0)
