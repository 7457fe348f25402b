"""Reads a training configuration from a TOML file.

At the top stand `seed`, `device` and `engines`; below, a table for each engine with the fields of its recipe. All of it
is optional.
"""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, asdict, fields
from pathlib import Path
from typing import Any

from domain.errors import Detail, InvalidConfig
from domain.model_versions import TrainingConfig
from infrastructure.learning.recipes.recipe import Recipe
from infrastructure.learning.recipes.table import RECIPES

LARGEST_SEED = 2**32 - 1
DEVICE = r"auto|cpu|cuda(:\d+)?"


def read_config(path: Path) -> TrainingConfig:
    """The configuration in a file. Raises `InvalidConfig` with one detail for each key that is wrong."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise InvalidConfig(f"{path.name} cannot be read: {problem.strerror}.") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise InvalidConfig(f"{path.name} is not TOML: {problem}.") from problem
    return parse_config(values, path.name)


def parse_config(values: Mapping[str, object], source: str) -> TrainingConfig:
    """The same from values at hand; `source` is named in the error. What is not said keeps its default."""
    problems = list(_problems(values))
    if problems:
        raise _unusable(source, problems)
    said: Mapping[str, Any] = values
    chosen = {name: _recipe(name, said.get(name, {})) for name in said.get("engines", RECIPES)}
    flaws = [Detail(name, flaw) for name, recipe in chosen.items() if (flaw := recipe.flaw())]
    if flaws:
        raise _unusable(source, flaws)
    return TrainingConfig(
        engines={name: asdict(recipe) for name, recipe in chosen.items()},
        seed=said.get("seed", 0),
        device=said.get("device", "auto"),
    )


def _unusable(source: str, problems: Sequence[Detail]) -> InvalidConfig:
    named = "; ".join(f"{detail.where}: {detail.problem}" for detail in problems)
    return InvalidConfig(f"{source} is not a training configuration: {named}.", list(problems))


def recipes_of(config: TrainingConfig) -> dict[str, Recipe]:
    """The recipe of each engine, in order. Raises `InvalidConfig` for an engine or a setting that there is not."""
    checked = parse_config(config.as_fields(), "the configuration")
    return {name: _recipe(name, values) for name, values in checked.engines.items()}


def _recipe(name: str, values: Mapping[str, Any]) -> Recipe:
    """One engine's recipe from values that have been checked."""
    whole = {field.name: isinstance(field.default, int) for field in fields(RECIPES[name])}
    # TOML writes 1 where 1.0 is meant.
    numbers = {key: value if isinstance(value, str) or whole[key] else float(value) for key, value in values.items()}
    return RECIPES[name](**numbers)


def _problems(values: Mapping[str, object]) -> Iterator[Detail]:
    engines = values.get("engines", list(RECIPES))
    if (
        not isinstance(engines, list)
        or not engines
        or not all(isinstance(name, str) and name in RECIPES for name in engines)
    ):
        yield Detail("engines", f"must name some of {', '.join(RECIPES)}")
        engines = list(RECIPES)
    elif len(set(engines)) < len(engines):
        yield Detail("engines", "must not name an engine twice")
    for key, value in values.items():
        if key == "seed":
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_SEED:
                yield Detail(key, f"must be a whole number from 0 to {LARGEST_SEED}")
        elif key == "device":
            if not isinstance(value, str) or not re.fullmatch(DEVICE, value):
                yield Detail(key, "must be one of auto, cpu, cuda, cuda:0 and so on")
        elif key in RECIPES:
            yield from _table_problems(key, value, key in engines)
        elif key != "engines":
            yield Detail(key, "there is no such setting")


def _table_problems(engine: str, table: object, trained: bool) -> Iterator[Detail]:
    if not isinstance(table, dict):
        yield Detail(engine, "must be a table of settings")
        return
    if not trained:
        yield Detail(engine, "has settings and is not among the engines")
    known = {field.name: field for field in fields(RECIPES[engine])}
    for key, value in table.items():
        problem = _problem_with(known[key], value) if key in known else "there is no such setting"
        if problem:
            yield Detail(f"{engine}.{key}", problem)


def _problem_with(setting: "Field[Any]", value: object) -> str | None:
    words = setting.metadata.get("words")
    if words is not None:
        return None if value in words else f"must be one of {', '.join(words)}"
    whole = isinstance(setting.default, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        return "must be a whole number" if whole else "must be a number"
    low, high = setting.metadata["range"]
    if not math.isfinite(value) or not low <= value <= high:
        return f"must be from {low} to {high}"
    return None
