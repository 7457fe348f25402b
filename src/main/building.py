"""Builders of the adapters. Each imports what it builds inside itself, so that the command line starts fast and a
server that only serves never imports torch."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from main.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from domain.model_versions import TrainingConfig
    from domain.ports.learning import Catalogues, Lineups, ModelRegistry, Trainer  # noqa
