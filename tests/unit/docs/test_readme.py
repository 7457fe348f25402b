"""README.md and CHANGELOG.md: commands, links and figures."""

import re

from benchmarks.scoreboard import RESULTS
from benchmarks.scoreboard_page import saved
from tests.unit.docs.pages import ROOT, read, table_rows


def test_every_make_target_that_the_readme_names_exists():
    targets = set(re.findall(r"^([a-z]+):.*## ", read("Makefile"), flags=re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)\b", read("README.md")))
    assert named <= targets
    assert {"run", "test"} <= named


def test_every_link_of_the_readme_leads_somewhere():
    text = read("README.md")
    anchors = {
        re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", text, re.M)
    }
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    broken = [
        link
        for link in links
        if not link.startswith("http")
        and not (link[1:] in anchors if link.startswith("#") else (ROOT / link.partition("#")[0]).is_file())
    ]
    assert links != []
    assert broken == []


def test_the_figures_of_the_readme_are_those_that_were_measured():
    rows = table_rows(read("README.md"))
    heading = next(row for row in rows if row[:2] == ["engine", "ml-100k"])
    told = {row[0].strip("`"): row[1:] for row in rows if len(row) == len(heading) and row[0].startswith("`")}
    measured = {
        quality.dataset: {engine.engine: f"{engine.figures['ndcg@10']:.4f}" for engine in quality.engines}
        for quality in saved(RESULTS)
    }
    assert heading[1:] == [dataset for dataset in measured if dataset.startswith("ml-")]
    assert set(told) == {engine for dataset in heading[1:] for engine in measured[dataset]}
    for engine, figures in told.items():
        assert figures == [measured[dataset].get(engine, "–") for dataset in heading[1:]]


def test_the_lines_of_the_readme_are_those_that_were_measured():
    measured = {quality.dataset: quality for quality in saved(RESULTS)}
    told = {row[1].strip("`"): row for row in table_rows(read("README.md")) if re.match(r"Q\d:", row[0])}
    assert set(told) == {dataset for dataset in measured if not dataset.startswith("ml-")}
    for protocol, row in told.items():
        figures = next(engine.figures for engine in measured[protocol].engines if engine.engine == "auto")
        names = ("recall@10", "ndcg@10") if row[0].startswith("Q4") else ("hr@10", "ndcg@10")
        assert row[2] == " / ".join(f"{figures[name]:.4f}" for name in names)
