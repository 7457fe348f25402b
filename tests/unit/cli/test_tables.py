from io import StringIO

import numpy as np
from rich.console import Console

from application.evaluating import EngineReport
from application.learning_online import ArmReport, BanditReport
from presentation.cli.tables import bandit_table, evaluation_tables

FIGURES = {
    "hr@10": 0.3131,
    "ndcg@10": 0.1841,
    "precision@10": 0.0313,
    "recall@10": 0.3131,
    "map@10": 0.1456,
    "mrr@100": 0.1587,
    "mean_rank@100": 45.67,
    "coverage@10": 0.5432,
    "diversity@10": 0.7654,
    "novelty@10": 9.876,
    "arp@10": 1234.56,
    "gini@10": 0.8765,
    "miscalibration@10": 0.6543,
}


def told(*engines):
    reports = [
        EngineReport(engine, 6040, FIGURES, np.zeros(6040), (0.1801, 0.1881), np.zeros(6040, dtype=np.int64))
        for engine in engines
    ]
    out = StringIO()
    Console(file=out, width=120).print(evaluation_tables(reports))
    return out.getvalue()


def test_an_engine_is_told_with_all_that_it_was_judged_by():
    text = told("linear")
    wanted = (
        "0.3131",
        "0.1841",
        "0.1801 to 0.1881",
        "0.1587",
        "45.7",
        "0.543",
        "0.765",
        "9.88",
        "1234.6",
        "0.876",
        "0.654",
    )
    assert [figure for figure in wanted if figure not in text] == []
    assert "6,040 users" in text


def test_every_engine_stands_in_both_tables():
    text = told("linear", "ease")
    assert text.count("linear") == text.count("ease") == 2


def test_arms_are_told_with_what_they_earned_and_their_chance():
    arms = [
        ArmReport("5-19", "linear", 1240, 0.2141, (0.1932, 0.2364), 0.93),
        ArmReport("100+", "ease", 0, 0.0, (0, 1)),
    ]
    out = StringIO()
    Console(file=out, width=120).print(bandit_table(BanditReport("thompson", 0.1, arms)))
    first, second = [line for line in out.getvalue().splitlines() if "│" in line]
    for wanted in ("5-19", "linear", "1,240", "0.2141", "0.1932 to 0.2364", "0.930"):
        assert wanted in first
    assert "ease" in second and "0.0000" not in second
