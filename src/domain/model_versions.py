"""Model versions: what was trained, on what, and how good it proved."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.gates import GateReport

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


#: champions of the past that can be gone back to
MOST_FORMER = 5
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
    only part that may be built anew while the version serves. `gates` is what the version showed against the champion
    of the time, None before it was judged. `size` is that of its files, in bytes.
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
    gates: GateReport | None = None
    size: int = 0

    def test_figures(self, engine: str) -> dict[str, float]:
        """What the engine reached on the test events, by the name of the measure alone."""
        prefix = f"{engine}."
        of_engine = {
            name.removeprefix(prefix): value for name, value in self.metrics.items() if name.startswith(prefix)
        }
        return {name: value for name, value in of_engine.items() if not name.startswith(VALIDATION)}


@dataclass(frozen=True)
class Aliases:
    """Which versions have a part to play. Every change raises the `generation` by one.

    `champion` serves, `challenger` is the newest that would; `former` are the champions before, the latest first.
    """

    generation: int = 0
    champion: str | None = None
    challenger: str | None = None
    former: tuple[str, ...] = ()

    @property
    def named(self) -> frozenset[str]:
        """Every version with a part to play."""
        return frozenset(one for one in (self.champion, self.challenger, *self.former) if one is not None)

    def challenged_by(self, version: str) -> "Aliases":
        """The same with another challenger."""
        return replace(self, generation=self.generation + 1, challenger=version)

    def promoting(self, version: str) -> "Aliases":
        """The same with another champion; the one before it can be gone back to."""
        before = (self.champion, *self.former) if self.champion is not None else self.former
        former = tuple(one for one in before if one != version)[:MOST_FORMER]
        challenger = None if self.challenger == version else self.challenger
        return Aliases(self.generation + 1, version, challenger, former)

    def rolled_back(self) -> "Aliases":
        """The same with the champion before this one, which is no former champion now. There must be one."""
        champion, *former = self.former
        challenger = None if self.challenger == champion else self.challenger
        return Aliases(self.generation + 1, champion, challenger, tuple(former))
