from dataclasses import replace

import numpy as np
import pytest

from application.evaluating import EvaluateEngines, questions, questions_in_turn, user_states
from application.training import EvaluateModel, TrainModel, fingerprint
from domain.catalogue import Catalogue
from domain.errors import Invalid
from domain.events import Interactions
from domain.items import Item, Kind
from domain.model_versions import EpochReport, ModelVersion, TrainingConfig
from domain.users import Demographics
from infrastructure.observability.progress import SilentProgress
from tests.fakes import FakeClock, FakeDatabase, FakeLineups


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


class FakeRegistry:
    def __init__(self):
        self.versions, self.current = {}, None

    def publish(self, model, config, fingerprint, created_at):
        version = ModelVersion(f"v{len(self.versions) + 1}", tuple(model.engines), created_at, {}, fingerprint)
        self.versions[version.version] = version
        return version

    def record_auto(self, version, auto):
        self.versions[version] = replace(self.versions[version], auto=auto)
        return self.versions[version]

    def record_metrics(self, version, metrics):
        old = self.versions[version]
        self.versions[version] = replace(old, metrics={**old.metrics, **metrics})
        return self.versions[version]

    def make_current(self, version):
        self.current = version


@pytest.fixture
def database():
    films = [Item(Kind.MOVIE, f"Film {i}", id=i, genres=("War" if i % 2 else "Drama",)) for i in range(1, 21)]
    return FakeDatabase(*films)


@pytest.fixture
def engines():
    return EvaluateEngines(SilentProgress(), liked_from=4.0, min_interactions=2)


def train_model(database, engines, events, trainer=None, registry=None):
    store, catalogues, lineups = FakeStore(events), FakeCatalogues(database), FakeLineups(database)
    evaluate = EvaluateModel(store, catalogues, lineups, engines)
    return TrainModel(
        store, catalogues, trainer or FakeTrainer(), registry or FakeRegistry(), evaluate, FakeClock(), liked_from=4.0
    )


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


def test_a_model_serves_once_it_has_been_published_and_judged(database, engines):
    registry, told = FakeRegistry(), []
    report = train_model(database, engines, EVENTS, registry=registry)(TrainingConfig({"ncf": {}}), told.append)
    assert registry.current == report.version.version == "v1"
    assert report.version.metrics["ncf.ndcg@10"] == pytest.approx(1.0)
    assert report.version.auto == ((0, "ncf"),)
    assert {"ncf.validation.ndcg@10", "popularity.ndcg@10", "auto.hr@10"} <= report.version.metrics.keys()
    assert report.version.data_fingerprint == fingerprint(EVENTS)
    assert told == list(FakeModel.epochs)


def test_with_nothing_to_hold_out_there_is_no_training(database, engines):
    with pytest.raises(Invalid, match="Load a data set"):
        train_model(database, engines, interactions())(TrainingConfig({"ncf": {}}), lambda report: None)


def test_the_fingerprint_tells_data_apart():
    assert fingerprint(EVENTS) == fingerprint(EVENTS.take(np.arange(8)))
    assert fingerprint(EVENTS) != fingerprint(EVENTS.take(np.arange(7)))
