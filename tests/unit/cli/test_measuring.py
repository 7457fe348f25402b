from io import StringIO

from rich.console import Console

from application.what_if import WhatIfReport
from domain.off_policy import Estimate, Evaluation
from presentation.cli.measuring import what_if_table


def told(error=0.01, left_out=0):
    estimates = [Estimate(value, error, (value - 0.02, value + 0.02), (0.1, 0.3)) for value in (0.15, 0.21, 0.22, 0.23)]
    evaluation = Evaluation(1200, 300, 251.4, 0.98, *estimates)
    out = StringIO()
    Console(file=out, width=120).print(what_if_table(WhatIfReport("linear", 48, left_out, evaluation)))
    return out.getvalue()


def test_the_estimates_stand_beside_what_was_earned_in_fact():
    text = told(left_out=17)
    rows = [line for line in text.splitlines() if "│" in line]
    for row, name, mean in zip(rows, ("in fact", "inverse", "self-norm", "doubly"), (15, 21, 22, 23), strict=True):
        assert name in row and f"0.{mean}00" in row and "0.1000 to 0.3000" in row
    for wanted in ("linear made all 1,200 lists of the last 48 hours", "300 of them, which count as 251", "17 lists"):
        assert wanted in text


def test_an_interval_that_nobody_knows_is_not_made_up():
    assert told(error=float("inf")).count("unknown") == 4
