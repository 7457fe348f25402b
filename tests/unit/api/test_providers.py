"""Routers name what they need by string; these names are held against the container and at every start."""

import pytest

from main.container import Container
from presentation.api.app import ApiOptions, create_app
from presentation.api.dependencies import Provided


def test_the_container_has_every_provider_that_a_router_names():
    assert Provided.names
    assert sorted(Provided.names - Container.providers.keys()) == []


def test_an_application_with_a_missing_provider_does_not_start():
    providers = dict.fromkeys(Provided.names - {"recommend"}, object)
    with pytest.raises(KeyError, match="recommend"):
        create_app(ApiOptions("0.0"), providers)
