from dataclasses import replace

import pytest

from application.evaluating import EvaluateEngines, EvaluateModel
from application.promoting import CompareModels, JudgeModel, PromoteModel, RollBack
from domain.errors import AliasMoved, ArtifactDamaged, CanaryFailed, GatesFailed, ModelNotFound, NoFormerChampion
from domain.gates import ALL, NEWCOMERS, Gate, GateReport, GateRules
from domain.items import Item, Kind
from domain.model_versions import MOST_FORMER, Aliases
from infrastructure.observability.progress import SilentProgress
from tests.fakes import FakeClock, FakeDatabase, FakeLineups
from tests.unit.application.registries import FakeCanary, FakeRegistry
from tests.unit.application.test_training import EVENTS, FakeCatalogues, FakeModel, FakeStore

BAD = Gate("coverage@10", False, 0.1, 0.2, "Too little is shown.")


class LineupsOf(FakeLineups):
    """Line-ups by version: those among `blind` know what is popular alone, those among `damaged` cannot be read."""

    def __init__(self, database, blind=(), damaged=()):
        super().__init__(database)
        self.blind, self.damaged = blind, damaged

    def of(self, version, catalogue):
        if version in self.damaged:
            raise ArtifactDamaged("ncf.safetensors cannot be read.")
        lineup = self.current(catalogue.revision)
        if version in self.blind:
            return replace(lineup, pipelines={**lineup.pipelines, "ncf": lineup.pipelines["popularity"]})
        return lineup


class Stage:
    """Three versions, the first of which serves."""

    def __init__(self, blind=(), damaged=(), dead=()):
        films = [Item(Kind.MOVIE, f"Film {i}", id=i, genres=("War" if i % 2 else "Drama",)) for i in range(1, 21)]
        database = FakeDatabase(*films)
        self.registry, self.canary, self.catalogues = FakeRegistry(), FakeCanary(*dead), FakeCatalogues(database)
        engines = EvaluateEngines(SilentProgress(), liked_from=4.0, min_interactions=2)
        lineups = LineupsOf(database, blind, damaged)
        self.evaluate = EvaluateModel(FakeStore(EVENTS), self.catalogues, lineups, engines)
        self.judge = JudgeModel(self.registry, self.evaluate, self.canary, GateRules())
        self.promote = PromoteModel(self.registry, self.catalogues, self.judge, self.canary)
        self.roll_back = RollBack(self.registry, self.catalogues, self.canary)
        for _ in range(3):
            self.registry.publish(FakeModel(), None, "data", FakeClock().now())
        self.registry.move_aliases(0, Aliases(1, "v1", "v2"))

    def passes(self, version, champion="v1", *gates):
        self.registry.record_gates(version, GateReport(champion, gates))


@pytest.fixture
def stage():
    return Stage()


# ------------------------------------------------------------------------------------------------------- promoting


def test_a_version_that_has_passed_is_promoted(stage):
    stage.passes("v2")
    assert stage.promote("v2") == stage.registry.aliases() == Aliases(2, "v2", None, ("v1",))
    assert stage.canary.asked == ["v2"]


def test_another_challenger_stays_when_a_version_is_promoted(stage):
    stage.passes("v3")
    assert stage.promote("v3") == Aliases(2, "v3", "v2", ("v1",))


def test_a_version_that_has_failed_is_refused_with_the_gates_it_failed(stage):
    stage.passes("v2", "v1", BAD, Gate("arp@10", True, 1.0, 2.0, "Fine."))
    with pytest.raises(GatesFailed) as refused:
        stage.promote("v2")
    assert [(one.where, one.problem) for one in refused.value.details] == [("coverage@10", "Too little is shown.")]
    assert stage.registry.aliases() == Aliases(1, "v1", "v2")
    assert stage.canary.asked == []


def test_force_asks_for_no_gates_but_for_the_canary(stage):
    stage.passes("v2", "v1", BAD)
    assert stage.promote("v2", force=True).champion == "v2"
    assert stage.canary.asked == ["v2"]


def test_a_version_that_cannot_serve_is_not_promoted_even_by_force():
    stage = Stage(dead=("v2",))
    stage.passes("v2")
    with pytest.raises(CanaryFailed):
        stage.promote("v2", force=True)
    assert stage.registry.aliases() == Aliases(1, "v1", "v2")


@pytest.mark.parametrize("judged_against", [None, "v3"])
def test_a_version_that_was_judged_against_another_champion_is_judged_again(judged_against):
    stage = Stage(blind=("v2",))
    stage.passes("v2", judged_against)
    with pytest.raises(GatesFailed) as refused:
        stage.promote("v2")
    assert "ndcg@10" in [detail.where for detail in refused.value.details]
    assert stage.registry.get_version("v2").gates.champion == "v1"


def test_a_version_that_was_never_judged_is_judged_first(stage):
    assert stage.promote("v2").champion == "v2"
    assert stage.registry.get_version("v2").gates.champion == "v1"


def test_promoting_the_champion_changes_nothing(stage):
    assert stage.promote("v1") == stage.registry.aliases() == Aliases(1, "v1", "v2")


def test_an_unknown_version_is_not_found(stage):
    with pytest.raises(ModelNotFound):
        stage.promote("v9")


def test_whoever_has_seen_other_aliases_moves_nothing(stage):
    stage.passes("v2")
    for act in (lambda: stage.promote("v2", generation=0), lambda: stage.roll_back(generation=7)):
        with pytest.raises(AliasMoved):
            act()
    assert stage.registry.aliases() == Aliases(1, "v1", "v2")
    assert stage.canary.asked == []
    assert stage.promote("v2", generation=1).generation == 2


def test_of_two_who_promote_at_once_one_is_told(stage):
    """The canary takes its time: somebody else promotes while it sings."""
    stage.passes("v2")

    def slow(version, catalogue):
        stage.registry.move_aliases(1, stage.registry.aliases().promoting("v3"))

    with pytest.raises(AliasMoved):
        PromoteModel(stage.registry, stage.catalogues, stage.judge, slow)("v2")
    assert stage.registry.aliases().champion == "v3"


# ------------------------------------------------------------------------------------------------------ rolling back


def test_rolling_back_goes_from_champion_to_champion(stage):
    stage.passes("v2")
    stage.promote("v2")
    stage.promote("v3", force=True)
    assert stage.registry.aliases().former == ("v2", "v1")
    assert stage.roll_back() == Aliases(4, "v2", None, ("v1",))
    assert stage.roll_back() == Aliases(5, "v1", None, ())
    with pytest.raises(NoFormerChampion):
        stage.roll_back()
    assert stage.registry.aliases() == Aliases(5, "v1", None, ())


def test_a_former_champion_that_cannot_serve_is_not_gone_back_to():
    stage = Stage(dead=("v1",))
    stage.promote("v2", force=True)
    with pytest.raises(CanaryFailed):
        stage.roll_back()
    assert stage.registry.aliases().champion == "v2"


def test_champions_of_long_ago_are_forgotten_and_none_is_remembered_twice():
    aliases = Aliases()
    for i in range(20):
        aliases = aliases.promoting(f"v{i}")
    assert aliases.former == tuple(f"v{i}" for i in range(18, 18 - MOST_FORMER, -1))
    again = aliases.promoting("v17")
    assert again.former == ("v19", "v18", "v16", "v15", "v14")
    assert again.named == {"v17", *again.former}


# ------------------------------------------------------------------------------------------- judging and comparing


def test_a_model_is_judged_against_the_champion_on_the_same_questions():
    stage = Stage(blind=("v2",))
    better, worse = stage.judge("v3").gates, stage.judge("v2").gates
    assert better.champion == worse.champion == "v1"
    assert better.passed
    assert [gate.name for gate in worse.failed] == ["ndcg@10", "coverage@10"]
    assert stage.registry.get_version("v2").gates == worse, "the report is in the manifest"
    assert stage.canary.asked == ["v3", "v2"]


def test_a_champion_that_cannot_be_read_does_not_stand_in_the_way_of_the_next():
    stage = Stage(damaged=("v1",))
    report = stage.judge("v2").gates
    assert report.passed and report.champion == "v1"
    assert "ncf.safetensors cannot be read" in report.gates[0].reason


def test_two_versions_are_compared_by_group():
    stage = Stage(blind=("v2",))
    found = CompareModels(stage.registry, stage.evaluate, GateRules())("v2", "v1")
    everybody = found.pairs[0]
    assert {pair.group for pair in found.pairs} >= {ALL, NEWCOMERS, "genre Drama", "genre War"}
    assert everybody.other == pytest.approx(1.0) and everybody.difference > 0
    assert (found.base.version, found.other.version) == ("v2", "v1")
    assert found.other_figures["ndcg@10"] == pytest.approx(everybody.other)
    with pytest.raises(ModelNotFound):
        CompareModels(stage.registry, stage.evaluate, GateRules())("v2", "v9")
