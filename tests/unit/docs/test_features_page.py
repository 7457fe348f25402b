"""docs/features.md and docs/trust.md: every line is there once, and every test they name exists."""

import ast
import re
from functools import lru_cache

import pytest

from tests.unit.docs.pages import ROOT, read, table_rows

FEATURES = [row for row in table_rows(read("docs/features.md")) if row[0] != "#"]
PROMISES = [row for row in table_rows(read("docs/trust.md")) if row[0] != "promise"]
NUMBERS = [*(str(number) for number in range(1, 121)), *(f"B{number}" for number in range(1, 12))]


@lru_cache
def functions_of(path: str) -> frozenset[str]:
    """Names of the test functions of a file; none when there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def named_tests(cell: str) -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", cell)


def test_every_feature_has_one_line_in_order():
    assert [row[0] for row in FEATURES] == NUMBERS


@pytest.mark.parametrize("row", FEATURES, ids=lambda row: row[0])
def test_a_feature_is_done_with_a_test_or_comes_later(row):
    _, _, state, shown_by = row
    assert state in ("done", "later")
    assert bool(named_tests(shown_by)) == (state == "done")


@pytest.mark.parametrize("row", PROMISES, ids=lambda row: row[0])
def test_a_promise_holds_with_a_test_or_comes_later(row):
    _, state, shown_by = row
    assert state in ("holds", "later")
    assert bool(named_tests(shown_by)) == (state == "holds")


@pytest.mark.parametrize("row", [*FEATURES, *PROMISES], ids=lambda row: row[0])
def test_every_named_test_exists(row):
    assert [f"{path}::{name}" for path, name in named_tests(row[-1]) if name not in functions_of(path)] == []
