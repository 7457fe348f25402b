from dataclasses import replace

import numpy as np
import pytest

from domain.gates import ALL, HEAVY, NEW_TITLES, NEWCOMERS, Costs, GateReport, GateRules, Judged, compare, groups, judge

USERS = 400
FIGURES = {"coverage@10": 0.5, "arp@10": 100.0}
CHEAP = Costs(milliseconds=2.0, size=1_000_000)
RULES = GateRules()
FIRST = np.arange(USERS) < 100


def values(mean=0.2, seed=0):
    """NDCG@10 of users who are each as hard to guess for one model as for another."""
    return np.random.default_rng(seed).uniform(0.0, 2 * mean, USERS)


def gates_of(new, champion=None, of_groups=None, costs=CHEAP, rules=RULES, figures=FIGURES):
    judged = Judged(values() if champion is None else champion, FIGURES)
    return {gate.name: gate for gate in judge(Judged(new, figures), judged, of_groups or {}, costs, rules)}


def test_an_equal_model_passes_every_gate():
    found = gates_of(values(), of_groups={NEWCOMERS: FIRST})
    assert list(found) == ["ndcg@10", "ndcg@10, newcomers", "coverage@10", "arp@10", "latency_ms", "size_mb"]
    assert GateReport("v1", tuple(found.values())).passed


def test_a_small_loss_for_everybody_passes_and_a_large_one_does_not():
    assert gates_of(values() * 0.95)["ndcg@10"].passed
    gate = gates_of(values() * 0.85)["ndcg@10"]
    assert not gate.passed
    assert gate.value < gate.bound == pytest.approx(-0.1 * values().mean())
    assert "a loss of more than 10% is not ruled out" in gate.reason


def test_what_few_users_say_does_not_rule_a_loss_out():
    """The burden of proof is the new model's: equal on average is not enough where the difference varies."""
    champion, noise = values()[:20], np.random.default_rng(1).normal(0.0, 0.1, 20)
    new = champion + noise - noise.mean()
    assert not gates_of(new, champion)["ndcg@10"].passed
    many, noise = np.tile(champion, 200), np.random.default_rng(2).normal(0.0, 0.1, 4000)
    assert gates_of(many + noise - noise.mean(), many)["ndcg@10"].passed


def test_a_group_that_loses_much_fails_a_model_that_is_better_on_the_whole():
    new = np.where(FIRST, values() * 0.6, values() * 1.5)
    found = gates_of(new, of_groups={NEWCOMERS: FIRST, HEAVY: ~FIRST})
    assert found["ndcg@10"].passed and found["ndcg@10, heavy users"].passed
    gate = found["ndcg@10, newcomers"]
    assert not gate.passed and gate.value < gate.bound
    assert "the loss is more than 20%" in gate.reason


def test_a_group_too_small_to_judge_by_is_passed_with_a_sentence():
    few = np.arange(USERS) < 29
    gate = gates_of(np.where(few, 0.0, values()), of_groups={NEWCOMERS: few})["ndcg@10, newcomers"]
    assert gate.passed and gate.value is None
    assert gate.reason.startswith("29 users are too few")


@pytest.mark.parametrize(
    ("name", "figures", "passed"),
    [
        ("coverage@10", {"coverage@10": 0.4}, True),
        ("coverage@10", {"coverage@10": 0.39}, False),
        ("arp@10", {"arp@10": 125.0}, True),
        ("arp@10", {"arp@10": 126.0}, False),
    ],
)
def test_lists_may_not_shrink_to_a_few_popular_titles(name, figures, passed):
    gate = gates_of(values(), figures={**FIGURES, **figures})[name]
    assert (gate.passed, gate.value) == (passed, figures[name])


@pytest.mark.parametrize(("name", "costs"), [("latency_ms", Costs(101.0, 1)), ("size_mb", Costs(1.0, 4_096_000_001))])
def test_a_model_must_keep_to_its_budget(name, costs):
    found = gates_of(values(), costs=costs)
    assert [gate.name for gate in found.values() if not gate.passed] == [name]


def test_without_a_champion_what_compares_is_passed_and_budgets_still_hold():
    found = judge(Judged(values(), FIGURES), "There is none.", {NEWCOMERS: FIRST}, Costs(1e6, 1), RULES)
    compared = {gate.name: gate for gate in found if gate.reason == "There is none."}
    assert list(compared) == ["ndcg@10", "ndcg@10, newcomers", "coverage@10", "arp@10"]
    assert all(gate.passed and gate.bound is None for gate in compared.values())
    assert [gate.name for gate in found if not gate.passed] == ["latency_ms"]


def test_the_same_models_are_judged_alike_twice():
    assert gates_of(values(seed=1)) == gates_of(values(seed=1))


def test_groups_are_told_apart_by_history_genre_and_novelty():
    lengths = np.arange(10)
    genres = np.zeros((10, 3), dtype=bool)
    genres[:6, 1], genres[4:7, 0] = True, True
    counts = np.array([20, 21, 0, 99, 99, 99, 99, 99, 99, 99])
    found = groups(lengths, genres, ("Drama", "War", "Western"), counts, replace(RULES, genres=2))
    assert {name: np.flatnonzero(mask).tolist() for name, mask in found.items()} == {
        NEWCOMERS: [0, 1],
        HEAVY: [8, 9],
        NEW_TITLES: [0, 2],
        "genre War": [0, 1, 2, 3, 4, 5],
        "genre Drama": [4, 5, 6],
    }
    assert "genre Western" not in groups(lengths, genres, ("Drama", "War", "Western"), counts, RULES)
    assert groups(lengths[:0], genres[:0], ("Drama", "War", "Western"), counts[:0], RULES) == {}


def test_a_comparison_begins_with_everybody_and_bounds_the_difference():
    everybody, first = compare(values(), values() + 0.01, {NEWCOMERS: FIRST})
    assert (everybody.group, everybody.users, first.users) == (ALL, USERS, 100)
    assert everybody.difference == pytest.approx(0.01)
    assert everybody.low == pytest.approx(0.01) and everybody.high == pytest.approx(0.01)
