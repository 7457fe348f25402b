from datetime import UTC, date, datetime, timedelta
from io import StringIO
from xml.etree import ElementTree

import pytest
from rich.console import Console

from application.measuring import EngineReport, GlobalReport
from application.what_if import WhatIfReport
from domain.engagements import Action
from domain.items import Item, Kind
from domain.measuring import ItemTally, Tally
from domain.off_policy import Estimate, Evaluation
from presentation.cli.analytics_page import analytics_page, daily_figure
from presentation.cli.measuring import analytics_table, what_if_table

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


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


@pytest.fixture
def reports():
    some, none = Tally(20, 200, {Action.CLICK: 10, Action.ENROLL: 2}), Tally()
    days = [(date(2026, 11, 19) + timedelta(days=i), tally) for i, tally in enumerate((some, none, some))]
    film = Item(Kind.MOVIE, "<b>Alien</b>", id=1)
    whole = GlobalReport(some + some, [("ncf", some + some)], [(film, ItemTally(9, 9, {}, {Action.CLICK: 3}))], days)
    engines = EngineReport(
        [(("ncf", "v<1>"), some), (("popularity", ""), some)], [("", some)], [("similar", some)], [(1, some)]
    )
    return whole, engines


def test_engines_stand_in_a_table_with_all_of_them_below(reports):
    out = StringIO()
    Console(file=out, width=140).print(analytics_table(*reports, 3))
    rows = [line for line in out.getvalue().splitlines() if "│" in line]
    for row, name, lists in zip(rows, ("ncf", "popularity", "all"), (20, 20, 40), strict=True):
        assert name in row and f" {lists} " in row and "0.0500" in row


def test_the_page_tells_everything_and_escapes_what_somebody_wrote(reports):
    text = analytics_page(*reports, NOW)
    assert text.startswith("<!doctype html>") and "2026-11-19 to 2026-11-21" in text
    for wanted in ("&lt;b&gt;Alien", "ncf v&lt;1&gt;", "not told", "place 1", "33.3%", "5.0%"):
        assert wanted in text
    assert "<b>" not in text and "http" not in text


def test_days_are_a_line_that_parts_where_nothing_was_shown(reports):
    drawn = ElementTree.fromstring(daily_figure(reports[0].days))
    kinds = [element.get("class") for element in drawn.iter()]
    assert (kinds.count("line"), kinds.count("band"), kinds.count("dot")) == (2, 2, 2)
    tops = [float(dot.get("cy")) for dot in drawn.iter("circle")]
    assert all(0 < top < 240 for top in tops)
    assert daily_figure([(date(2026, 11, 19), Tally())]).count("circle") == 0
