import pytest

from tests.unit.learning import worlds


@pytest.fixture(scope="package")
def world():
    return worlds.world()


@pytest.fixture(scope="package")
def reports():
    return []


@pytest.fixture(scope="package")
def trained(world, reports):
    """One short run that the tests share; nothing changes it."""
    return worlds.train(world, worlds.QUICK, on_epoch=reports.append)
