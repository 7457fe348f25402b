"""Model versions: what was trained, on what, and how good it proved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class TrainingConfig:
    """Hyper-parameters of one training run.

    `history_length` is the number of past events a user is seen by. Of the `negatives` drawn for every event the share
    `popular_negatives` follows popularity, the rest is even. A positive event that was not liked counts
    `disliked_weight`: at 1 the model learns what is taken up next, at 0 what is liked next.
    """

    engine: str = "ncf"
    embedding_size: int = 64
    epochs: int = 10
    learning_rate: float = 4e-3
    batch_size: int = 2048
    weight_decay: float = 1e-6
    dropout: float = 0.1
    negatives: int = 64
    popular_negatives: float = 0.5
    disliked_weight: float = 1.0
    patience: int = 3
    history_length: int = 50
    seed: int = 0
    device: str = "auto"


@dataclass(frozen=True)
class EpochReport:
    """What one epoch came to. `validation` is NDCG@10 over the full catalogue; `seconds` is the epoch's own time."""

    epoch: int
    loss: float
    validation: float
    best: bool
    seconds: float


@dataclass(frozen=True)
class ModelVersion:
    """One published model. `metrics` maps a name such as `ncf.ndcg@10` to its figure on the held-out test events."""

    version: str
    engine: str
    created_at: datetime
    config: Mapping[str, object]
    data_fingerprint: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    parent: str | None = None
