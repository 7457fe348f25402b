"""Whether Marquee can serve, and which part stands in the way where it cannot."""

import pytest

from application.readiness import ABSENT, READY, UNAVAILABLE, CheckReadiness, Components
from domain.errors import ArtifactDamaged, StorageUnavailable
from tests.fakes import FakeLineups


class BrokenStates:
    def catalogue_revision(self):
        raise StorageUnavailable("The database cannot be reached.")


class BrokenLineups:
    def current(self, revision):
        raise ArtifactDamaged("No file is what the manifest says.")


def test_with_a_model_everything_that_is_needed_is_ready(states, lineups):
    readiness = CheckReadiness(states, lineups)()
    assert readiness.ready and readiness.status == READY
    assert (readiness.components.database, readiness.components.model) == (READY, READY)


def test_without_a_model_there_are_still_engines_that_serve(states, database):
    readiness = CheckReadiness(states, FakeLineups(database, with_model=False))()
    assert readiness.ready
    assert (readiness.components.model, readiness.components.index) == (ABSENT, ABSENT)


def test_without_a_database_nothing_can_be_served(lineups):
    readiness = CheckReadiness(BrokenStates(), lineups)()
    assert not readiness.ready and readiness.status == UNAVAILABLE
    assert readiness.components == Components(UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, UNAVAILABLE)


def test_without_a_line_up_the_database_is_named_as_the_part_that_works(states):
    readiness = CheckReadiness(states, BrokenLineups())()
    assert not readiness.ready
    assert readiness.components == Components(database=READY)


def test_a_mistake_of_ours_is_not_taken_for_a_part_that_is_down(states):
    class Mistaken:
        def current(self, revision):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        CheckReadiness(states, Mistaken())()
