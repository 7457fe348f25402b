"""mkdocs.yml and docs/: every page is reached, and every decision has its parts."""

import re

import pytest

from tests.unit.docs.pages import ROOT, read

PAGES = sorted(path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md"))
DECISIONS = [page for page in PAGES if re.match(r"decisions/\d{4}-", page)]


def test_every_page_is_in_the_navigation():
    assert sorted(re.findall(r"([\w/-]+\.md)$", read("mkdocs.yml"), flags=re.MULTILINE)) == PAGES


def test_decisions_are_numbered_without_gaps():
    assert [int(page[10:14]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("page", DECISIONS)
def test_a_decision_has_its_parts_and_is_listed(page):
    text = read(f"docs/{page}")
    assert re.findall(r"^## (.*)$", text, flags=re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert re.search(r"^Accepted, \d{4}-\d\d-\d\d\.$", text, flags=re.MULTILINE)
    assert f"]({page.removeprefix('decisions/')})" in read("docs/decisions/index.md")
