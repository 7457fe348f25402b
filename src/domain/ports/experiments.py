"""Ports of experiments: where they are kept, and what came of them."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from domain.experiments import Experiment, Variant
from domain.outcomes import Outcomes
from domain.paging import Page, PageRequest


class Experiments(Protocol):
    """Experiments of one unit of work."""

    def get(self, experiment_id: str) -> Experiment:
        """Raises `ExperimentNotFound`."""
        ...

    def take(self, experiment_id: str) -> Experiment:
        """The same, kept from everybody else who would change it until the unit of work ends."""
        ...

    def add(self, experiment: Experiment) -> None: ...

    def save(self, experiment: Experiment) -> None:
        """Store when it was started and stopped; nothing else of it ever changes."""
        ...

    def list_page(self, page: PageRequest) -> Page[Experiment]:
        """Newest first."""
        ...

    def list_unfinished(self) -> Sequence[Experiment]:
        """Those that were started and not stopped, in the order in which they were started.

        Some of them may be over, their days having passed.
        """
        ...


class RunningExperiments(Protocol):
    def read(self) -> Sequence[Experiment]:
        """The unfinished experiments, perhaps as of a second ago. They must not be changed."""
        ...

    def expire(self) -> None:
        """Have the next call read anew: something was started or stopped."""
        ...


class ExperimentOutcomes(Protocol):
    """What the log holds of experiments."""

    def read(self, experiment: Experiment) -> Outcomes:
        """What each user was shown in the experiment, and did."""
        ...

    def credits(self, experiment: Experiment, variant: Variant) -> NDArray[np.float64]:
        """[u, 2] what each user of an interleaved variant took up from either of its engines.

        By the success metric: places that got the action, or their greatest rewards. Users who took nothing up may be
        left out.
        """
        ...
