import re
from dataclasses import replace
from io import StringIO
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.console import Console

from domain.experiments import GuardRail
from domain.interleaving import Preference
from domain.outcomes import Outcomes
from domain.verdicts import judge
from presentation.cli.experiment_page import experiment_page, ticks_between
from presentation.cli.experiments import remarks, report_table
from tests.unit.domain.test_experiments import NOW, experiment
from tests.unit.domain.test_verdicts import outcomes

RAILS = (GuardRail("ctr", 0.1), GuardRail("fallback", 0.05))
THREE = (("control", {}), ("<diverse & co>", {"diversity": 0.3}), ("both", {"interleave": ["ease", "linear"]}))


@pytest.fixture(scope="module")
def report():
    """One variant that is better, and one that is worse and whose users prefer one of the two engines."""
    done = outcomes(**{"control": (900, 200, 9), "<diverse & co>": (905, 330, 5), "both": (890, 110, 12)})
    planned = experiment(variants=THREE, guard_rails=RAILS, description="Are <b>mixed</b> lists clicked more?")
    return judge(planned, done, NOW, {"both": Preference(80, 40, 770)})


def drawings(page):
    return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def test_the_page_has_a_picture_of_the_rates_of_the_lifts_and_of_what_interleaving_found(report):
    page = experiment_page(report)
    rates, lifts, preferences = drawings(page)
    assert [len(drawing.findall("g")) for drawing in (rates, lifts, preferences)] == [3, 2, 1]
    assert [group.get("class") for group in lifts.findall("g")] == ["row better", "row worse"]
    for group in lifts.findall("g"):
        thin, thick = group.findall("line")
        dot = float(group.find("circle").get("cx"))
        assert float(thin.get("x1")) <= float(thick.get("x1")) < dot < float(thick.get("x2")) <= float(thin.get("x2"))
    zero = float(next(line for line in lifts.findall("line") if line.get("class") == "zero").get("x1"))
    better, worse = (float(group.find("circle").get("cx")) for group in lifts.findall("g"))
    assert worse < zero < better
    assert "+64.1%" in page and "broken" in page and "770" in page


def test_nothing_that_somebody_wrote_becomes_markup_and_nothing_is_fetched(report):
    page = experiment_page(report)
    assert "<b>" not in page and "&lt;diverse &amp; co&gt;" in page
    assert not re.search(r"(src|href)=|url\(|@import", page)


def test_a_page_of_nothing_yet_can_be_drawn(report):
    page = experiment_page(judge(report.experiment, Outcomes.empty(), NOW))
    assert len(drawings(page)) == 3 and "nan" not in page


def test_users_who_were_parted_otherwise_than_told_are_warned_of(report):
    assert 'class="warning"' not in experiment_page(report)
    parted_wrongly = replace(report, sample_ratio_p_value=1e-9)
    assert 'class="warning"' in experiment_page(parted_wrongly)
    assert remarks(parted_wrongly)[0].startswith("Users are not parted as they should be")


def test_the_table_and_the_remarks_say_the_same_in_words(report):
    told = StringIO()
    Console(file=told, width=140).print(report_table(report))
    better = next(line for line in told.getvalue().splitlines() if "diverse" in line)
    assert "905" in better and "36.46%" in better and "+64.1%" in better and "better" in better
    said = "\n".join(remarks(report))
    assert "Guard rail ctr of both: broken (margin 10.0%)." in said
    assert "both: 80 users prefer linear, 40 ease, 770 neither" in said


@pytest.mark.parametrize(("low", "high"), [(-0.31, 0.27), (0.0, 1.0), (0.101, 0.102), (-1.0, 9.0), (2e-5, 3e-5)])
def test_ticks_are_a_few_round_numbers_within_the_scale(low, high):
    ticks = ticks_between(low, high)
    assert 2 <= len(ticks) <= 8
    assert all(low <= tick <= high + 1e-12 for tick in ticks)
    steps = np.diff(ticks)
    assert np.allclose(steps, steps[0])
