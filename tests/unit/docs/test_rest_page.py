"""docs/reference/rest.md explains the code of every error that Marquee raises on purpose."""

from collections.abc import Iterator

import pytest

from domain.errors import MarqueeError
from presentation.api.errors import STATUSES, VALIDATION_ERROR
from tests.unit.docs.pages import read, table_rows


def errors(family: type[MarqueeError] = MarqueeError) -> Iterator[type[MarqueeError]]:
    for error in family.__subclasses__():
        # The interface has some of its own to show in examples, which exist only once it has been imported.
        if error.__module__ == MarqueeError.__module__:
            yield error
        yield from errors(error)


def statuses_told() -> dict[str, str]:
    return {row[0].strip("`"): row[1] for row in table_rows(read("docs/reference/rest.md")) if row[0].startswith("`")}


@pytest.mark.parametrize("error", list(errors()), ids=lambda error: error.code)
def test_the_rest_page_explains_each_error_code(error):
    status = next(status for family, status in STATUSES.items() if issubclass(error, family))
    assert statuses_told()[error.code] == str(status.value)


def test_the_rest_page_explains_what_the_edge_itself_refuses():
    assert {VALIDATION_ERROR, "method_not_allowed", "body_too_large", "internal_error"} <= statuses_told().keys()


def test_every_class_of_error_has_a_code_of_its_own():
    codes = [error.code for error in errors()]
    assert sorted(codes) == sorted(set(codes))
