"""Model versions: what was trained, on what, and how good it proved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

#: which engine `auto` takes: pairs of the least length of a history and a name, ascending
AutoChoice = tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class TrainingConfig:
    """What one training run makes: engines in the order in which they are trained, each with its hyper-parameters."""

    engines: Mapping[str, Mapping[str, object]]
    seed: int = 0
    device: str = "auto"

    def as_fields(self) -> dict[str, object]:
        """The same as a configuration file has it: the engines by name, then one table for each."""
        tables = {name: dict(values) for name, values in self.engines.items()}
        return {"engines": list(self.engines), "seed": self.seed, "device": self.device, **tables}


@dataclass(frozen=True)
class EpochReport:
    """What one epoch of one engine came to; an engine in closed form has a single one, and no loss.

    `epochs` is the most that there can be, `validation` NDCG@10 over the full catalogue.
    """

    engine: str
    epoch: int
    epochs: int
    loss: float | None
    validation: float | None
    best: bool
    seconds: float


#: what stands before the name of a measure that is of the validation events
VALIDATION = "validation."


@dataclass(frozen=True)
class IndexReport:
    """The item index of a model version. `generation` counts how often it was built, `kind` says how it finds.

    `recall` is the measured share of the hundred true neighbours that it finds. Of its `items`, `placed` were in no
    rating that the model learnt from, and lie where their content puts them.
    """

    generation: int
    kind: str
    recall: float
    items: int
    placed: int
    built_at: datetime


@dataclass(frozen=True)
class ModelVersion:
    """One published model. `metrics` maps a name such as `ncf.ndcg@10` to its figure on the held-out test events.

    The same of the validation events stands under `ncf.validation.ndcg@10`.
    `engines` are those that were trained, `auto` says which of them proved best for how long a history. `index` is the
    only part that may be built anew while the version serves.
    """

    version: str
    engines: tuple[str, ...]
    created_at: datetime
    config: Mapping[str, object]
    data_fingerprint: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    auto: AutoChoice = ()
    parent: str | None = None
    index: IndexReport | None = None

    def test_figures(self, engine: str) -> dict[str, float]:
        """What the engine reached on the test events, by the name of the measure alone."""
        prefix = f"{engine}."
        of_engine = {
            name.removeprefix(prefix): value for name, value in self.metrics.items() if name.startswith(prefix)
        }
        return {name: value for name, value in of_engine.items() if not name.startswith(VALIDATION)}
