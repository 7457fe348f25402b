"""docs/reference/settings.md and .env.example name every setting, with its default and its description."""

from collections.abc import Iterator
from enum import Enum

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from main.settings import Settings
from tests.unit.docs.pages import read, table_rows


def settings(model: type[BaseModel], prefix: str = "MARQUEE_") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings(field.annotation, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}", field


def default_of(field: FieldInfo) -> str:
    if field.default is None or field.default == ():
        return ""
    return str(field.default.value if isinstance(field.default, Enum) else field.default)


ALL = dict(settings(Settings))


@pytest.mark.parametrize("variable", ALL)
def test_the_settings_page_has_a_row_for_each_setting(variable):
    field = ALL[variable]
    default = default_of(field)
    expected = [f"`{variable}`", f"`{default}`" if default else "–", field.description]
    assert expected in table_rows(read("docs/reference/settings.md"))


@pytest.mark.parametrize("variable", ALL)
def test_the_example_file_has_each_setting_commented_with_its_default(variable):
    assert f"# {variable}={default_of(ALL[variable])}" in read(".env.example").splitlines()


def test_the_settings_page_names_no_setting_that_is_gone():
    named = {row[0].strip("`") for row in table_rows(read("docs/reference/settings.md")) if row[0].startswith("`")}
    assert named == set(ALL)


def test_the_example_file_names_no_setting_that_is_gone():
    named = {line[2:].partition("=")[0] for line in read(".env.example").splitlines() if line.startswith("# MARQUEE_")}
    assert named == set(ALL)
