from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from application.promoting import Comparison
from domain.gates import Gate, GateReport, Paired
from domain.model_versions import Aliases, IndexReport, ModelVersion
from presentation.cli.model_tables import (
    FIGURES,
    aliases_table,
    comparison_tables,
    gates_table,
    version_table,
    versions_table,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
MEASURES = {name: 0.5 for name, _, _ in FIGURES}
GATES = GateReport(
    "v1",
    (
        Gate("ndcg@10", True, 0.01, -0.02, "Better by far."),
        Gate("coverage@10", False, 0.1, 0.2, "Too little is shown."),
    ),
)
FIRST = ModelVersion("v1", ("ncf",), NOW, {}, "abc", {"auto.ndcg@10": 0.1234}, size=1_500_000)
SECOND = ModelVersion(
    "v2", ("ncf", "ease"), NOW, {}, "0123456789abcdef01", {f"auto.{name}": value for name, value in MEASURES.items()},
    auto=((0, "ease"), (30, "ncf")), parent="v1", index=IndexReport(1, "exact", 1.0, 1682, 0, NOW), gates=GATES,
)  # fmt: skip
ALIASES = Aliases(7, "v1", "v2", ("v0",))


def told(*tables):
    out = StringIO()
    console = Console(file=out, width=140)
    for table in tables:
        console.print(table)
    return out.getvalue()


def line_of(text, name):
    return next(line for line in text.splitlines() if name in line)


def test_versions_are_listed_with_their_aliases_gates_and_figures():
    text = told(versions_table([SECOND, FIRST], ALIASES))
    assert "2 model versions, aliases of generation 7" in text
    assert all(word in line_of(text, "v1") for word in ("champion", "not judged", "0.1234", "1.5"))
    assert all(word in line_of(text, "v2") for word in ("challenger", "ncf, ease", "1 failed", "0.5000"))


def test_one_version_is_shown_with_all_that_is_known_of_it():
    text = told(version_table(SECOND, ALIASES))
    assert "2026-01-31 12:00:00 UTC" in text and "ease from 0 ratings, ncf from 30 ratings" in text
    assert "exact, 1,682 items" in text and "0123456789abcdef" in text
    assert all(heading in text for _, heading, _ in FIGURES)
    assert "none" in line_of(told(version_table(FIRST, Aliases())), "alias")


def test_each_gate_is_shown_with_its_reason():
    text = told(gates_table(SECOND))
    assert "Gates of v2, against v1: 1 failed" in text
    assert "✓" in line_of(text, "Better by far.") and "✗" in line_of(text, "Too little is shown.")
    assert "It has not been judged." in told(gates_table(FIRST))


def test_two_versions_are_shown_side_by_side():
    pairs = [Paired("all users", 943, 0.1, 0.12, 0.011, 0.029)]
    found = Comparison(FIRST, SECOND, pairs, MEASURES, {**MEASURES, "arp@10": 77.7})
    text = told(*comparison_tables(found))
    assert all(
        word in line_of(text, "all users") for word in ("943", "0.1000", "0.1200", "+0.0200", "+0.0110 to +0.0290")
    )
    assert "77.7" in line_of(text, "popularity")


def test_aliases_are_shown_with_what_can_be_gone_back_to():
    text = told(aliases_table(ALIASES))
    assert "generation 7" in text
    assert [line_of(text, name).split("│")[2].strip() for name in ("champion", "challenger", "former champion")] == [
        "v1",
        "v2",
        "v0",
    ]
