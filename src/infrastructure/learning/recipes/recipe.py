"""What every trained engine is made by: a recipe, which holds the engine's hyper-parameters as its fields."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.model_versions import EpochReport
from domain.pipeline import Pipeline
from infrastructure.generators.content import ContentGenerator
from infrastructure.generators.item_neighbours import CollaborativeGenerator
from infrastructure.generators.popularity import PopularityGenerator
from infrastructure.learning.features import Vocabulary
from infrastructure.learning.material import Material
from infrastructure.learning.shared_parts import SharedParts

Arrays = Mapping[str, NDArray[Any]]
Shapes = dict[str, tuple[int, ...]]
OnEpoch = Callable[[EpochReport], None]


@dataclass(frozen=True, eq=False)
class ServingParts:
    """What pipelines are put together from, for one catalogue and one model.

    `pipelines` are those that are ready already: the simple ones, and the trained ones that stand before this one.
    """

    catalogue: Catalogue
    shared: SharedParts
    version: str | None  # None while the model is still being trained
    popularity: PopularityGenerator
    content: ContentGenerator
    collaborative: CollaborativeGenerator
    fallback: Pipeline
    pipelines: Mapping[str, Pipeline]


@dataclass(frozen=True)
class Recipe(ABC):
    """One engine with its hyper-parameters. A subclass is a frozen dataclass; its fields are what a config may set."""

    name: ClassVar[str]
    #: whether it takes long and looks at no other engine, so that it may be trained beside others
    apart: ClassVar[bool] = False

    @property
    def asks_when(self) -> bool:
        """Whether the engine is told the time of the request."""
        return False

    def flaw(self) -> str | None:
        """What is wrong with hyper-parameters that are each within bounds and do not go together, if anything."""
        return None

    @abstractmethod
    def train(self, material: Material, on_epoch: OnEpoch) -> Arrays | None:
        """Learn from the material. None where the engine cannot be trained on it, after saying why in the log."""

    @abstractmethod
    def shapes(self, vocabulary: Vocabulary, arrays: Arrays) -> Shapes:
        """The shape that each of the arrays must have; `arrays` tells what the recipe leaves open.

        Raises `ValueError` where an array holds what cannot be served.
        """

    @abstractmethod
    def build(self, arrays: Arrays, parts: ServingParts) -> Pipeline:
        """The pipeline that serves."""


def number(default: Any, low: float, high: float) -> Any:
    """A hyper-parameter from `low` to `high`; whole when the default is."""
    return field(default=default, metadata={"range": (low, high)})


def choice(default: str, *others: str) -> Any:
    """A hyper-parameter that is one of these words."""
    return field(default=default, metadata={"words": (default, *others)})


def once(name: str, seconds: float) -> EpochReport:
    """The report of an engine that is made in a single step."""
    return EpochReport(name, epoch=1, epochs=1, loss=None, validation=None, best=True, seconds=seconds)
