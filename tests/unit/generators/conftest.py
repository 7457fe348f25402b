import pytest

from domain.catalogue import Catalogue
from domain.items import Item, Kind
from tests.unit.generators.films import FILMS, VECTORS
from tests.unit.generators.models import model_of


@pytest.fixture
def catalogue():
    return Catalogue.of(
        [
            Item(Kind.MOVIE, title, id=i, genres=genres, tags=tags, rating_count=count, rating_sum=count * mean)
            for i, title, genres, tags, count, mean in FILMS
        ]
    )


@pytest.fixture
def model():
    return model_of(VECTORS, women_like={4: 30, 5: 20}, men_like={1: 60, 2: 40})
