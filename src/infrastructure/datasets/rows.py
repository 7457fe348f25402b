"""Rows of the text files that data sets are made of, and an account of those that cannot be read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from domain.errors import Detail, MalformedDataset
from infrastructure.datasets.archive import Archive

#: ids are stored in 32 bits
MAX_ID = 2**31 - 1
#: the last second of the year 9999; a larger number is not in seconds
MAX_TIME = 253_402_300_799
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


class BadRow(ValueError):
    """What is wrong with the row at hand, in words."""


@dataclass
class Problems:
    """Everything wrong with a data set: the first `limit` problems in detail, and how many there are."""

    limit: int = 100
    details: list[Detail] = field(default_factory=list)
    total: int = 0

    def add(self, file: str, line: int, problem: str) -> None:
        """Note a problem; `line` counts from 1, and 0 stands for the file as a whole."""
        self.total += 1
        if len(self.details) < self.limit:
            self.details.append(Detail(f"{file}:{line}" if line else file, problem))

    def raise_if_any(self, dataset: str) -> None:
        if not self.total:
            return
        rows = "1 row" if self.total == 1 else f"{self.total:,} rows"
        named = "" if self.total <= self.limit else f" The first {self.limit} are named."
        raise MalformedDataset(f"{dataset} was not loaded: {rows} cannot be read.{named}", self.details)


@dataclass(frozen=True)
class Table:
    """How one text file is laid out. `fields` is None where the number of fields depends on another file."""

    file: str
    separator: str
    fields: int | None
    encoding: str = "latin-1"
    header: str | None = None

    def rows(self, archive: Archive, member: str, problems: Problems) -> Iterator[tuple[int, list[str]]]:
        """Line number, from 1, and fields of every sound row. Blank lines count but say nothing."""
        for number, line in numbered_lines(self, archive, member, problems):
            try:
                row = self._decoded(line).split(self.separator)
                if self.fields is not None:
                    require_fields(row, self.fields)
            except BadRow as bad:
                problems.add(self.file, number, str(bad))
            else:
                yield number, row

    def _decoded(self, line: bytes) -> str:
        if line.isascii():
            text = line.decode("ascii")
        elif self.encoding == "latin-1" and _is_utf8(line):
            raise BadRow("is in UTF-8, where this layout is in Latin-1")
        else:
            try:
                text = line.decode(self.encoding)
            except UnicodeDecodeError as error:
                raise BadRow(f"is not in {self.encoding}") from error
        if _CONTROL.search(text):
            raise BadRow("holds control characters")
        return text


def numbered_lines(table: Table, archive: Archive, member: str, problems: Problems) -> Iterator[tuple[int, bytes]]:
    """Line number and content of every line that is not blank, without its end; a header is checked and left out."""
    for number, line in enumerate(archive.lines(member), start=1):
        content = line.rstrip(b"\r\n")
        if number == 1 and table.header is not None:
            if content != table.header.encode():
                problems.add(table.file, 1, f"the header should read {table.header!r}")
        elif content:
            yield number, content


def require_fields(row: list[str], expected: int) -> None:
    """Raise `BadRow` unless the row has the expected number of fields."""
    if len(row) != expected:
        raise BadRow(f"has {len(row)} fields where {expected} belong")


def read_id(text: str, what: str) -> int:
    """A positive id. Raises `BadRow`."""
    value = read_integer(text, f"{what} id")
    if not 1 <= value <= MAX_ID:
        raise BadRow(f"{what} id {shown(text)} does not lie between 1 and {MAX_ID}")
    return value


def read_integer(text: str, what: str) -> int:
    """A whole number in plain ASCII digits. Raises `BadRow` for what Python alone would forgive, as `1_000`."""
    if re.fullmatch(r"-?[0-9]{1,18}", text) is None:
        raise BadRow(f"{what} {shown(text)} is not a whole number")
    return int(text)


def read_time(text: str) -> int:
    """Unix seconds. Raises `BadRow`."""
    value = read_integer(text, "timestamp")
    if value < 0:
        raise BadRow(f"timestamp {shown(text)} is negative")
    if value > MAX_TIME:
        raise BadRow(f"timestamp {shown(text)} is not in seconds since 1970")
    return value


def shown(text: str) -> str:
    """The text as it may stand in a message: quoted, escaped and cut."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
