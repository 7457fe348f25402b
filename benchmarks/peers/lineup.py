"""The peers, with the hyper-parameters that their authors recommend and where those are said.

Where a grid is given, each of its points is tried on the validation events, judged by NDCG@10, and the best is asked
for the test lists. The grids are cheap and around what is recommended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

Parameters = Mapping[str, Any]

IALS = (
    "Rendle et al., Revisiting the Performance of iALS on Item Recommendation Benchmarks (RecSys 2022): the loss, 16 "
)
IALS += "epochs and ν = 1 as there; unobserved weight and regularisation by grid, as they advise"
RECBOLE = "RecBole, benchmark/hyper/general, its best parameters for ML-1M"
EASE = "Steck, Embarrassingly Shallow Autoencoders (WWW 2019): the one parameter by grid"
SASREC = (
    "RecTools, its HSTU tutorial's settings for ML-1M (width, heads, blocks, length, dropout, rate, batch), and the "
)
SASREC += "library's own full softmax"


@dataclass(frozen=True)
class Peer:
    """One model of one library on one protocol. `adapter` is a file in `adapters/`; `slow` trains until time is up."""

    name: str
    library: str
    protocol: str
    adapter: str
    parameters: Parameters
    source: str
    grid: Sequence[Parameters] = field(default_factory=tuple)
    slow: bool = False

    def tried(self) -> list[Parameters]:
        """Every set of parameters that validation chooses from; one alone where there is no choice."""
        return [{**self.parameters, **point} for point in self.grid] or [self.parameters]


def grid(**values: Sequence[Any]) -> list[Parameters]:
    """Every combination of the values."""
    return [dict(zip(values, point, strict=True)) for point in product(*values.values())]


def ials(protocol: str) -> Peer:
    parameters = {"n_components": 128, "train_epochs": 16, "nu": 1.0}
    points = grid(alpha0=[0.03, 0.1, 0.3], reg=[0.001, 0.003, 0.01])
    return Peer("iALS", "irspack", protocol, "irspack_models.py", parameters, IALS, points)


#: in the order of the page
PEERS: Sequence[Peer] = (
    ials("q1"),
    Peer(
        "EASE",
        "rectools",
        "q1",
        "rectools_models.py",
        {"model": "EASE"},
        EASE,
        grid(regularization=[100.0, 500.0, 1000.0, 2000.0]),
    ),
    Peer(
        "EASE",
        "recbole",
        "q1",
        "recbole_models.py",
        {"model": "EASE"},
        EASE,
        grid(reg_weight=[100.0, 500.0, 1000.0, 2000.0]),
    ),
    Peer(
        "SASRec",
        "rectools",
        "q1",
        "rectools_models.py",
        {
            "model": "SASRec",
            "n_factors": 50,
            "n_heads": 1,
            "n_blocks": 2,
            "session_max_len": 200,
            "dropout_rate": 0.2,
            "lr": 0.001,
            "batch_size": 128,
            "epochs": 100,
            "patience": 10,
        },
        SASREC,
        slow=True,
    ),
    ials("q4"),
    Peer(
        "EASE",
        "recbole",
        "q4",
        "recbole_models.py",
        {"model": "EASE", "reg_weight": 1000.0},
        RECBOLE,
    ),
    Peer(
        "ADMM-SLIM",
        "recbole",
        "q4",
        "recbole_models.py",
        {"model": "ADMMSLIM", "alpha": 1, "lambda1": 5, "lambda2": 5000},
        RECBOLE,
    ),
)
