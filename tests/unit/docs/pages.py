"""Where the pages under test lie, and how a Markdown table is read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def read(name: str) -> str:
    """The text of a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def table_rows(text: str) -> list[list[str]]:
    """The cells of every row of every table, without the rows of dashes."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").replace("\\|", "\0").split("|")] for line in lines]
    return [[cell.replace("\0", "|") for cell in row] for row in rows if not set("".join(row)) <= set("-: ")]
