"""Types and forms that all schemas share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import floor, isfinite
from typing import Annotated, Any, Generic, TypeVar

from annotated_types import GroupedMetadata
from fastapi import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from domain.paging import PageRequest

T = TypeVar("T")

#: ids that every database can hold
MAX_ID = 2**63 - 1
#: ids that may be chosen: exact in every JSON reader, and with room above them for the ids that we give
MAX_CHOSEN_ID = 2**53 - 1
#: values of one query parameter that may be given more than once
MOST_VALUES = 100

YEAR_MIN, YEAR_MAX = 1000, 2999


def sound(text: str) -> str:
    """Refuse characters that no database stores: NUL, and halves of surrogate pairs."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must not hold NUL characters or lone surrogates")
    return text


@dataclass(frozen=True)
class Text(GroupedMetadata):
    """A string of `shortest` to `longest` characters as sent. The spaces around it go; nothing but spaces is blank."""

    longest: int
    shortest: int = 1

    def __iter__(self) -> Iterator[object]:
        yield Field(min_length=self.shortest, max_length=self.longest)
        yield AfterValidator(sound)
        yield AfterValidator(self._trimmed)

    def _trimmed(self, text: str) -> str:
        trimmed = text.strip()
        if self.shortest and not trimmed:
            raise ValueError("must not be blank")
        return trimmed


def left_out() -> Any:
    """The default of a field that may be left out but not be null: in the schema it has no default at all."""
    return None


def each_once(values: list[str]) -> list[str]:
    """The same values without repeats, in their order."""
    return list(dict.fromkeys(values))


def split_commas(values: object) -> object:
    """`["a,b", "c"]` as `["a", "b", "c"]`: a parameter may be repeated, hold commas, or both."""
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return values
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def unix_seconds(value: object) -> object:
    """An event time as unix seconds: a number, or ISO-8601 text (UTC where it names no zone)."""
    if isinstance(value, str):
        try:
            time = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError("must be unix seconds or an ISO-8601 time") from None
        return floor((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    if isinstance(value, float) and isfinite(value):
        return floor(value)
    return value


def as_iso(time: datetime) -> str:
    """Such as `2026-01-31T12:00:00Z`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


PathId = Annotated[int, Path(ge=1, le=MAX_ID, description="Its id.", examples=[1])]
Id = Annotated[int, Field(strict=True, ge=1, le=MAX_ID)]
ChosenId = Annotated[int, Field(strict=True, ge=1, le=MAX_CHOSEN_ID)]
Year = Annotated[int, Field(ge=YEAR_MIN, le=YEAR_MAX)]
StrictYear = Annotated[int, Field(strict=True, ge=YEAR_MIN, le=YEAR_MAX)]
Flag = Annotated[bool, Field(strict=True)]
Name = Annotated[str, Text(64)]
#: what a search form sends, which is nothing when its field is left blank
SearchText = Annotated[str, Text(200, 0)]
#: neither stripped nor normalised: every character counts
Secret = Annotated[
    str, Field(min_length=1, max_length=1024, json_schema_extra={"format": "password"}), AfterValidator(sound)
]
_UnixSeconds = Annotated[int, Field(ge=0)]
_IsoTime = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
#: unix seconds inside; ISO-8601 or unix seconds on the wire
EventTime = Annotated[
    int, Field(strict=True), BeforeValidator(unix_seconds, json_schema_input_type=_UnixSeconds | _IsoTime)
]
#: a time of ours: UTC, to the second
Time = Annotated[datetime, PlainSerializer(as_iso, return_type=str)]
Names = Annotated[list[Name], Field(max_length=MOST_VALUES), AfterValidator(each_once)]
#: the ends of an interval; a list, for not every reader of the document knows what a null or a tuple is in one schema
Bounds = Annotated[list[float], Field(min_length=2, max_length=2)]
QueryNames = Annotated[
    list[Name], Field(max_length=MOST_VALUES), BeforeValidator(split_commas, json_schema_input_type=list[str])
]
_QueryId = Annotated[int, Field(ge=1, le=MAX_ID)]
_QueryIdText = Annotated[str, Field(pattern=r"^[0-9, ]*$", examples=["1,2,3"])]
QueryIds = Annotated[
    list[_QueryId],
    Field(max_length=MOST_VALUES),
    BeforeValidator(split_commas, json_schema_input_type=list[_QueryIdText]),
]


def example(values: Mapping[str, Any]) -> ConfigDict:
    """The configuration of a schema that is documented by an example."""
    return ConfigDict(json_schema_extra={"examples": [dict(values)]})


class Body(BaseModel):
    """What a caller sends. Fields that it does not know are refused."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """What a caller gets, read off a domain object."""

    model_config = ConfigDict(from_attributes=True)


class PageQuery(Body):
    page: int = Field(1, ge=1, le=1_000_000, description="Which page, counted from 1.")
    size: int = Field(20, ge=1, le=100, description="Entries on a page.")

    def request(self) -> PageRequest:
        return PageRequest(self.page, self.size)


class PageOut(Answer, Generic[T]):
    items: list[T]
    page: int = Field(examples=[1])
    size: int = Field(examples=[20])
    total: int = Field(description="Entries on all pages.", examples=[1])
    pages: int = Field(examples=[1])


class DeletedOut(Answer):
    message: str
    id: int

    model_config = example({"message": "User 42 was deleted.", "id": 42})


class ErrorDetail(Answer):
    where: str
    problem: str


class ErrorBody(Answer):
    code: str
    message: str
    details: list[ErrorDetail]
    request_id: str


class ErrorOut(Answer):
    """The form of every error."""

    error: ErrorBody
