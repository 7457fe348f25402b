from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from benchmarks.peers.page import among_candidates
from benchmarks.quality import EngineFigures, Quality, SeedRun, by_length
from benchmarks.scoreboard_page import save, save_candidates, saved, section, tables
from benchmarks.scoreboard_plots import draw_all, seconds_of
from tests.unit.docs.pages import table_rows

EARLIER = {"hr@10": 0.3, "ndcg@10": 0.2, "mrr@100": 0.15, "coverage@10": 0.5, "novelty@10": 9.0}
LATER = {
    **EARLIER,
    "mean_rank@100": 45.67,
    "diversity@10": 0.8,
    "arp@10": 1234.5,
    "gini@10": 0.9,
    "miscalibration@10": 0.7,
}
LINEAR = EngineFigures("linear", LATER, 0.2, 0.2, (0.19, 0.21), 0.1, (0.09, 0.11), 0.5)
QUALITY = Quality(
    dataset="ml-100k",
    date="2026-11-21",
    command="python -m benchmarks.scoreboard",
    circumstances="Python",
    items=10,
    users=5,
    ratings=20,
    asked=5,
    config={},
    runs=[SeedRun(0, "linear", 1, 1, 0.2, 0.1)],
    engines=[LINEAR, replace(LINEAR, engine="ease", figures=EARLIER)],
)


def row_of(engine, quality=QUALITY):
    """All that the two tables say of one engine, by heading."""
    found, headings = {}, []
    for row in table_rows("\n".join(section(quality))):
        if row[0] == "engine":
            headings = row
        elif row[0] == f"`{engine}`":
            found.update(zip(headings, row, strict=True))
    return found


def test_every_measure_has_its_column():
    row = row_of("linear")
    assert (row["HR@10"], row["mean rank"], row["coverage"], row["diversity"]) == ("0.3000", "45.7", "0.500", "0.800")
    assert (row["novelty"], row["popularity"], row["Gini"], row["miscalibration"]) == (
        "9.00",
        "1234.5",
        "0.900",
        "0.700",
    )


def test_what_was_not_measured_is_a_dash():
    row = row_of("ease")
    assert {heading for heading, cell in row.items() if cell == "–"} == {
        "mean rank",
        "diversity",
        "popularity",
        "Gini",
        "miscalibration",
    }
    assert (row["coverage"], row["novelty"]) == ("0.500", "9.00")


def test_the_terminal_shows_the_same_figures():
    console = Console(width=160, record=True, quiet=False, file=None)
    with console.capture() as captured:
        console.print(tables(QUALITY))
    text = captured.get()
    assert [cell for cell in row_of("linear").values() if cell.strip("`") not in text] == []


def test_figures_that_were_kept_come_back(tmp_path):
    save(QUALITY, tmp_path)
    (kept,) = saved(tmp_path)
    assert kept.engines[0] == replace(LINEAR, interval=[0.19, 0.21], gain_interval=[0.09, 0.11])
    assert list(section(kept)) == list(section(QUALITY))


def test_each_picture_is_drawn_where_there_are_figures_for_it(tmp_path):
    first = draw_all([QUALITY], tmp_path)
    assert [name for _, name in first] == ["scoreboard.svg", "scoreboard-cost.svg"]
    run = SeedRun(0, "gru", 3, 2, 0.2, 9.0, curve=(0.1, 0.2, 0.15))
    gru = replace(LINEAR, engine="gru", by_length={"0 to 19": 0.1, "20 on": 0.2})
    every = draw_all([replace(QUALITY, engines=[gru], runs=[run])], tmp_path)
    assert len(every) == 4 and all("gru" in (tmp_path / name).read_text(encoding="utf-8") for _, name in every)
    again = (tmp_path / "scoreboard-epochs.svg").read_bytes()
    draw_all([replace(QUALITY, engines=[gru], runs=[run])], tmp_path)
    assert (tmp_path / "scoreboard-epochs.svg").read_bytes() == again
    draw_all([QUALITY], tmp_path)
    assert not (tmp_path / "scoreboard-epochs.svg").exists()  # a picture of other figures would mislead


def test_users_are_taken_together_by_length_of_history():
    lengths, ndcg = np.array([3, 19, 20, 49, 500]), np.array([0.0, 1.0, 0.5, 0.7, 0.2])
    assert by_length(lengths, ndcg) == {"0 to 19": 0.5, "20 to 49": pytest.approx(0.6), "200 on": 0.2}


def test_a_hybrid_costs_what_it_blends_as_well():
    runs = [
        SeedRun(seed, engine, 1, 1, 0.2, seconds)
        for seed in (0, 1)
        for engine, seconds in (("gru", 9.0), ("hybrid", 2.0))
    ]
    assert seconds_of(replace(QUALITY, runs=runs)) == {"gru": 9.0, "hybrid": 11.0}


def test_what_is_reached_among_candidates_is_kept_apart(tmp_path):
    save_candidates("sampled-candidates", "the command", 0, {"ncf": {"hr@10": 0.7, "mrr": 0.5}}, tmp_path)
    assert saved(tmp_path) == []
    (row,) = among_candidates("sampled-candidates", ["hr@10", "mrr"], tmp_path)
    assert "`ncf` | 0.7000 | 0.5000" in row and "the command" in row
    save_candidates("sampled-candidates", "another", 1, {"mf": {"hr@10": 0.8, "mrr": 0.6}}, tmp_path)
    first, second = among_candidates("sampled-candidates", ["hr@10", "mrr"], tmp_path)
    assert "the command" in first and "`mf` | 0.8000 | 0.6000" in second and "another" in second
    assert not list(among_candidates("never-measured", ["hr@10"], tmp_path))
