import pytest

from tests.unit.generators.films import VECTORS, films
from tests.unit.generators.models import model_of


@pytest.fixture
def catalogue():
    return films()


@pytest.fixture
def model():
    return model_of(VECTORS, women_like={4: 30, 5: 20}, men_like={1: 60, 2: 40})
