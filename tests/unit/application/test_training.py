from dataclasses import replace

import numpy as np
import pytest

from application.evaluating import EvaluateEngines, EvaluateModel, questions, questions_in_turn, user_states
from application.promoting import JudgeModel
from application.training import TrainModel, fingerprint
from domain.catalogue import Catalogue
from domain.errors import ArtifactDamaged, CanaryFailed, Invalid
from domain.events import Interactions
from domain.gates import GateRules
from domain.items import Item, Kind
from domain.model_versions import Aliases, EpochReport, TrainingConfig
from domain.users import Demographics
from infrastructure.observability.progress import SilentProgress
from tests.fakes import FakeClock, FakeDatabase, FakeLineups
from tests.unit.application.registries import FakeCanary, FakeRegistry


def interactions(*rows):
    users, items, ratings, times = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Interactions(
        np.array(users, dtype=np.int64),
        np.array(items, dtype=np.int64),
        np.array(ratings, dtype=np.float32),
        np.array(times, dtype=np.int64),
    )


# Two users who like one genre each; the last event of each is what a model should find.
EVENTS = interactions(
    (1, 1, 5.0, 10), (1, 3, 5.0, 20), (1, 5, 5.0, 30), (1, 7, 5.0, 40),
    (2, 2, 5.0, 10), (2, 4, 5.0, 20), (2, 6, 5.0, 30), (2, 8, 5.0, 40),
)  # fmt: skip


class FakeStore:
    def __init__(self, events):
        self.events = events

    def read(self):
        return self.events

    def demographics(self):
        return {1: Demographics(age=30)}


class FakeCatalogues:
    def __init__(self, database):
        self.database = database

    def load(self):
        return Catalogue.of(self.database.rows.items.values())


class FakeModel:
    engines = ("ncf",)
    epochs = (EpochReport("ncf", 1, 1, 0.5, 0.1, best=True, seconds=0.0),)


class FakeTrainer:
    def __call__(self, training, validation, config, on_epoch):
        self.training, self.validation = training, validation
        on_epoch(FakeModel.epochs[0])
        return FakeModel()


@pytest.fixture
def database():
    films = [Item(Kind.MOVIE, f"Film {i}", id=i, genres=("War" if i % 2 else "Drama",)) for i in range(1, 21)]
    return FakeDatabase(*films)


@pytest.fixture
def engines():
    return EvaluateEngines(SilentProgress(), liked_from=4.0, min_interactions=2)


def train_model(database, engines, events, trainer=None, registry=None, canary=None, rules=None):
    store, catalogues, lineups = FakeStore(events), FakeCatalogues(database), FakeLineups(database)
    evaluate, registry = EvaluateModel(store, catalogues, lineups, engines), registry or FakeRegistry()
    judge = JudgeModel(registry, evaluate, canary or FakeCanary(), rules or GateRules())
    return TrainModel(
        store, catalogues, trainer or FakeTrainer(), registry, evaluate, judge, FakeClock(), liked_from=4.0, keep=3
    )


def run(train, promote=False):
    return train(TrainingConfig({"ncf": {}}), lambda report: None, promote)


def test_a_user_is_asked_with_what_came_before_the_held_out_event():
    states = user_states(EVENTS, interactions((2, 9, 1.0, 50), (1, 9, 1.0, 50)), {1: Demographics(age=30)})
    assert [state.user_id for state in states] == [2, 1]
    assert states[0].history.item_ids.tolist() == [2, 4, 6, 8]
    assert states[1].demographics.age == 30


def test_an_engine_that_follows_taste_beats_popularity(database, engines):
    past, held_out = EVENTS.take(EVENTS.timestamps < 40), EVENTS.take(EVENTS.timestamps == 40)
    lineup = FakeLineups(database).current(0)
    popularity, ncf, auto = engines(lineup, past, held_out, {}, ["popularity", "ncf", "auto"])
    assert ncf.figures["ndcg@10"] == pytest.approx(1.0)
    assert auto.figures == ncf.figures
    assert popularity.figures["ndcg@10"] < 1.0
    assert popularity.ndcg.shape == (2,)


def test_every_engine_is_judged_by_every_measure(database, engines):
    past, held_out = EVENTS.take(EVENTS.timestamps < 40), EVENTS.take(EVENTS.timestamps == 40)
    lineup = FakeLineups(database).current(0)
    lineup = replace(lineup, catalogue=lineup.catalogue.counting(past))
    popularity, ncf = engines(lineup, past, held_out, {}, ["popularity", "ncf"])
    assert popularity.figures.keys() == ncf.figures.keys()
    # Each user is shown the seven films left of their one genre, the target first, and three rated ones of the other.
    expected = {
        "hr@10": 1.0, "ndcg@10": 1.0, "precision@10": 0.1, "recall@10": 1.0, "map@10": 1.0, "mrr@100": 1.0,
        "mean_rank@100": 1.0, "coverage@10": 20 / 20,
    }  # fmt: skip
    assert {name: ncf.figures[name] for name in expected} == pytest.approx(expected)
    assert ncf.figures["miscalibration@10"] < popularity.figures["miscalibration@10"]
    assert ncf.figures["diversity@10"] < popularity.figures["diversity@10"]
    assert ncf.figures["arp@10"] == pytest.approx(0.3)


def test_all_held_out_events_of_a_user_are_one_question(database, engines):
    past, held_out = EVENTS.take(EVENTS.timestamps < 30), EVENTS.take(EVENTS.timestamps >= 30)
    asked = questions(past, held_out, {1: Demographics(age=30)})
    assert [question.targets.tolist() for question in asked] == [[5, 7], [6, 8]]
    assert [question.state.history.item_ids.tolist() for question in asked] == [[1, 3], [2, 4]]
    assert asked[0].state.demographics.age == 30
    (report,) = engines(FakeLineups(database).current(0), past, held_out, {}, ["ncf"])
    assert report.users == 2
    assert report.figures["precision@10"] == pytest.approx(0.2)
    assert report.figures["recall@10"] == report.figures["ndcg@10"] == pytest.approx(1.0)


def test_held_out_events_may_be_asked_about_in_turn(database, engines):
    past, held_out = EVENTS.take(EVENTS.timestamps < 30), EVENTS.take(EVENTS.timestamps >= 30)
    asked = questions_in_turn(past, held_out, {})
    assert [question.targets.tolist() for question in asked] == [[5], [7], [6], [8]]
    assert [question.state.history.item_ids.tolist() for question in asked] == [[1, 3], [1, 3, 5], [2, 4], [2, 4, 6]]
    (report,) = engines.ask(FakeLineups(database).current(0), asked, ["ncf"])
    assert report.ndcg.tolist() == pytest.approx([1.0] * 4)


def test_questions_know_when_they_are_asked_and_engines_may_be_told(database, engines):
    past, held_out = EVENTS.take(EVENTS.timestamps < 30), EVENTS.take(EVENTS.timestamps >= 30)
    assert [question.asked_at for question in questions(past, held_out, {})] == [30, 30]
    asked = questions_in_turn(past, held_out, {})
    assert [question.asked_at for question in asked] == [30, 40, 30, 40]
    lineup, told = FakeLineups(database).current(0), []
    pipelines = {"ncf": lambda context, k, explain: told.append(context.as_of) or lineup.pipelines["ncf"](context, k)}
    engines.ask(replace(lineup, pipelines=pipelines), asked, ["ncf"])
    assert told == [30, 40, 30, 40]


def test_what_a_question_leaves_out_is_not_ranked(database, engines):
    past, held_out = EVENTS.take(EVENTS.timestamps < 40), EVENTS.take(EVENTS.timestamps == 40)
    asked = [replace(question, left_out=frozenset({7, 8})) for question in questions(past, held_out, {})]
    (report,) = engines.ask(FakeLineups(database).current(0), asked, ["ncf"])
    assert (report.figures["hr@10"], report.figures["mean_rank@100"]) == (0.0, 101.0)


def test_a_target_that_the_catalogue_does_not_have_counts_as_missed(database, engines):
    past, held_out = EVENTS.take(EVENTS.timestamps < 40), interactions((1, 7, 5.0, 50), (1, 999, 5.0, 60))
    (report,) = engines(FakeLineups(database).current(0), past, held_out, {}, ["ncf"])
    assert report.figures["recall@10"] == 0.5


def test_with_nobody_to_ask_every_figure_is_zero(database, engines):
    (report,) = engines(FakeLineups(database).current(0), EVENTS, interactions(), {}, ["ncf"])
    assert report.users == 0
    assert set(report.figures.values()) == {0.0}


def test_the_trainer_never_sees_what_it_is_judged_by(database, engines):
    trainer = FakeTrainer()
    train_model(database, engines, EVENTS, trainer)(TrainingConfig({"ncf": {}}), lambda report: None)
    assert trainer.training.interactions.item_ids.tolist() == [1, 3, 2, 4]
    assert trainer.validation.item_ids.tolist() == [5, 6]
    counted = dict(zip(trainer.training.catalogue.ids, trainer.training.catalogue.rating_counts, strict=True))
    assert (counted[1], counted[5], counted[7]) == (1, 0, 0)


def test_the_first_model_serves_once_it_has_been_published_and_judged(database, engines):
    registry, told = FakeRegistry(), []
    report = train_model(database, engines, EVENTS, registry=registry)(TrainingConfig({"ncf": {}}), told.append)
    assert registry.aliases().champion == report.version.version == "v1"
    assert report.serves and report.version.gates.passed and report.version.gates.champion is None
    assert report.version.metrics["ncf.ndcg@10"] == pytest.approx(1.0)
    assert report.version.auto == ((0, "ncf"),)
    assert {"ncf.validation.ndcg@10", "popularity.ndcg@10", "auto.hr@10"} <= report.version.metrics.keys()
    assert report.version.data_fingerprint == fingerprint(EVENTS)
    assert told == list(FakeModel.epochs)


def test_the_next_model_is_the_challenger_until_somebody_promotes_it(database, engines):
    registry = FakeRegistry()
    train = train_model(database, engines, EVENTS, registry=registry)
    run(train)
    report = run(train)
    assert not report.serves
    assert registry.aliases() == report.aliases == Aliases(2, "v1", "v2")
    assert report.version.gates.champion == "v1" and report.version.gates.passed


def test_a_model_that_is_to_be_promoted_serves_at_once_if_it_passes(database, engines):
    registry = FakeRegistry()
    train = train_model(database, engines, EVENTS, registry=registry)
    run(train)
    assert run(train, promote=True).serves
    assert registry.aliases() == Aliases(2, "v2", None, ("v1",))


def test_a_model_that_fails_is_kept_and_says_why(database, engines):
    registry = FakeRegistry()
    run(train_model(database, engines, EVENTS, registry=registry))
    small = train_model(database, engines, EVENTS, registry=registry, rules=GateRules(size_mb=0.0))
    report = run(small, promote=True)
    assert not report.serves
    assert [gate.name for gate in registry.get_version("v2").gates.failed] == ["size_mb"]
    assert registry.aliases() == Aliases(2, "v1", "v2")


def test_the_first_model_serves_whatever_its_gates_say(database, engines):
    report = run(train_model(database, engines, EVENTS, rules=GateRules(size_mb=0.0)))
    assert report.serves and not report.version.gates.passed


def test_a_model_that_cannot_serve_gets_no_part_to_play(database, engines):
    registry = FakeRegistry()
    with pytest.raises(CanaryFailed):
        run(train_model(database, engines, EVENTS, registry=registry, canary=FakeCanary("v1")))
    assert registry.aliases() == Aliases()
    assert registry.get_version("v1").metrics, "it stays, with its figures"


def test_a_model_that_was_judged_against_another_champion_is_not_promoted(database, engines):
    """Somebody promotes another version while this one is being judged."""
    registry = FakeRegistry()
    train = train_model(database, engines, EVENTS, registry=registry)
    run(train)
    run(train)
    record = registry.record_gates

    def meanwhile(version, gates):
        recorded = record(version, gates)
        registry.move_aliases(registry.aliases().generation, registry.aliases().promoting("v2"))
        return recorded

    registry.record_gates = meanwhile
    report = run(train, promote=True)
    assert report.version.gates.champion == "v1" and report.version.gates.passed
    assert registry.aliases() == Aliases(4, "v2", "v3", ("v1",))


def test_aliases_that_cannot_be_read_are_told_before_the_training(database, engines):
    class Damaged(FakeRegistry):
        def aliases(self):
            raise ArtifactDamaged("aliases.json cannot be used.")

    trainer = FakeTrainer()
    with pytest.raises(ArtifactDamaged):
        run(train_model(database, engines, EVENTS, trainer, Damaged()))
    assert not hasattr(trainer, "training")


def test_old_versions_go_after_a_training_and_not_before(database, engines):
    registry = FakeRegistry()
    with pytest.raises(CanaryFailed):
        run(train_model(database, engines, EVENTS, registry=registry, canary=FakeCanary("v1")))
    assert registry.pruned == []
    run(train_model(database, engines, EVENTS, registry=registry))
    assert registry.pruned == [3]


def test_with_nothing_to_hold_out_there_is_no_training(database, engines):
    with pytest.raises(Invalid, match="Load a data set"):
        train_model(database, engines, interactions())(TrainingConfig({"ncf": {}}), lambda report: None)


def test_the_fingerprint_tells_data_apart():
    assert fingerprint(EVENTS) == fingerprint(EVENTS.take(np.arange(8)))
    assert fingerprint(EVENTS) != fingerprint(EVENTS.take(np.arange(7)))
