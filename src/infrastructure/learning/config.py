"""Reads a training configuration from a TOML file: one key for each field of `TrainingConfig`, all optional."""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from domain.errors import Detail, InvalidConfig
from domain.model_versions import TrainingConfig

#: least and greatest value of every number
RANGES: Mapping[str, tuple[float, float]] = {
    "embedding_size": (1, 1024),
    "epochs": (1, 1000),
    "learning_rate": (1e-8, 1.0),
    "batch_size": (2, 1_000_000),
    "weight_decay": (0.0, 1.0),
    "dropout": (0.0, 0.95),
    "negatives": (1, 10_000),
    "popular_negatives": (0.0, 1.0),
    "disliked_weight": (0.0, 1.0),
    "patience": (1, 1000),
    "history_length": (1, 1000),
    "seed": (0, 2**32 - 1),
}
#: what a word must look like
WORDS: Mapping[str, str] = {"engine": r"ncf", "device": r"auto|cpu|cuda(:\d+)?"}


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
    """The same from values at hand; `source` is named in the error."""
    defaults = {field.name: field.default for field in fields(TrainingConfig)}
    problems = [
        Detail(key, problem)
        for key, value in values.items()
        if (problem := _problem_with(key, value, defaults.get(key))) is not None
    ]
    if problems:
        named = "; ".join(f"{detail.where}: {detail.problem}" for detail in problems)
        raise InvalidConfig(f"{source} is not a training configuration: {named}.", problems)
    # TOML writes 1 where 1.0 is meant.
    typed = {key: float(str(value)) if isinstance(defaults[key], float) else value for key, value in values.items()}
    return TrainingConfig(**typed)  # type: ignore[arg-type]


def _problem_with(key: str, value: object, default: object) -> str | None:
    if default is None:
        return "there is no such setting"
    if isinstance(default, str):
        if not isinstance(value, str) or not re.fullmatch(WORDS[key], value):
            return f"must be one of {WORDS[key].replace('|', ', ')}"
        return None
    if isinstance(value, bool) or not isinstance(value, int if isinstance(default, int) else (int, float)):
        return "must be a whole number" if isinstance(default, int) else "must be a number"
    low, high = RANGES[key]
    if not math.isfinite(value) or not low <= value <= high:
        return f"must be from {low} to {high}"
    return None
