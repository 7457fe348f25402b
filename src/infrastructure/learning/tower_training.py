"""Training models with a user tower over histories: what feeds them, and how they are validated."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that everybody reads it by

from domain import metrics
from domain.errors import InvalidConfig
from domain.events import Interactions
from domain.model_versions import EpochReport
from infrastructure.learning import early_stopping, features, sequences
from infrastructure.learning.features import Vocabulary
from infrastructure.learning.material import Material
from infrastructure.learning.sequences import Batch, Examples, Sequences

#: share of the run in which the learning rate rises; from there it falls to nothing (Smith & Topin, 2019)
WARM_UP = 0.15
#: users that are ranked for validation after each epoch, at most, and how many at once
VALIDATED, RANKED_AT_ONCE = 10_000, 128
CUT_OFF = 10


class TowerRecipe(early_stopping.Patience, Protocol):
    """What a recipe says of a model with a user tower."""

    @property
    def name(self) -> str: ...
    @property
    def embedding_size(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def history_length(self) -> int: ...


Model = TypeVar("Model", bound=nn.Module)
SomeRecipe = TypeVar("SomeRecipe", bound=TowerRecipe)


class TowerRun(ABC, Generic[Model, SomeRecipe]):
    """Everything that one run holds: its examples, the module on its device, and the facts that it is fed with."""

    def __init__(self, material: Material, recipe: SomeRecipe, negatives: int = 0, popular: float = 0.0) -> None:
        self.recipe = recipe
        self.device = device_of(material.device)
        self.vocabulary, self.events, self.groups = material.vocabulary, material.events, material.groups
        self.examples = Examples(self.events, len(self.vocabulary), recipe.history_length, negatives, popular)
        catalogue = material.training.catalogue
        positions = catalogue.positions(self.vocabulary.item_ids)
        facts = features.item_features(catalogue, self.vocabulary, material.shared.popularity)[positions]
        self.genres = features.genre_columns(catalogue, self.vocabulary.genre_names)[positions]
        self.facts, self.demographics = self.tensor(facts), self.tensor(self.groups)
        self.model = self.new_model(material.item_vectors(recipe.embedding_size)).to(self.device)
        self.random = np.random.default_rng(material.seed)
        self.validation = held_out(self.events, self.vocabulary, material.validation, self.random)

    @abstractmethod
    def new_model(self, vectors: NDArray[np.float32]) -> Model:
        """A module whose embeddings begin at the collaborative item vectors [n, d]."""

    @property
    @abstractmethod
    def embedding(self) -> Tensor:
        """[n, d] the module's embeddings of what users did."""

    @abstractmethod
    def loss(self, batch: Batch) -> Tensor:
        """The mean loss of a valid target, a scalar."""

    @abstractmethod
    def items(self) -> Tensor:
        """What the module makes of all items, for `scores`."""

    @abstractmethod
    def scores(self, users: Tensor, items: Tensor) -> Tensor:
        """[u, n] scores of all items for users with features [u, F]."""

    def fit(self, on_epoch: Callable[[EpochReport], None]) -> list[EpochReport]:
        """Train. The module holds the weights of the best epoch afterwards."""
        recipe = self.recipe
        optimizer = torch.optim.AdamW(self.model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
        steps = self.examples.batch_count(recipe.batch_size) * recipe.epochs + 1
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, recipe.learning_rate, steps, pct_start=WARM_UP, anneal_strategy="linear"
        )

        def epoch() -> float:
            batches = self.examples.batches(recipe.batch_size, self.random)
            return early_stopping.one_pass(batches, self.loss, optimizer, schedule)

        return early_stopping.fit(recipe.name, self.model, recipe, epoch, self.validate, on_epoch)

    def batch_features(self, batch: Batch) -> Tensor:
        """[e, F] `features.user_features` of every valid target, with gradients for the embeddings."""
        weights = self.tensor(batch.weights).transpose(2, 3)  # [b, T, P, C]
        count, stretch, pools, _ = weights.shape
        pooled = weights.reshape(count, stretch * pools, -1) @ self.event_values(batch.history)  # [b, T·P, E]
        length = np.log1p(np.minimum(batch.sizes, self.recipe.history_length)) / np.log1p(self.recipe.history_length)
        valid = self.tensor(batch.valid)
        people = self.demographics[self.tensor(np.repeat(batch.users, batch.valid.sum(axis=1)))]
        sizes = self.tensor(length.astype(np.float32))[valid][:, None]
        return torch.cat([pooled.view(count, stretch, -1)[valid], sizes, people], dim=1)

    def event_values(self, history: NDArray[np.int64]) -> Tensor:
        """[…, E] `features.event_values` of the given events."""
        rows = self.events.rows[history]
        said = features.event_values(self.genres[rows], self.events.ratings[history])
        return torch.cat([F.embedding(self.tensor(rows), self.embedding), self.tensor(said)], dim=-1)

    @torch.no_grad()
    def validate(self) -> float | None:
        """NDCG@10 of the held-out events among all items that their users had not had; None where there are none."""
        users, targets = self.validation
        if not len(users):
            return None
        self.model.eval()
        items = self.items()
        ranks = []
        for start in range(0, len(users), RANKED_AT_ONCE):
            block = users[start : start + RANKED_AT_ONCE]
            history, weights, sizes = sequences.latest_histories(self.events, block, self.recipe.history_length)
            values = self.event_values(history).cpu().numpy()
            people = self.groups[block]
            rows = features.user_features(weights, values, sizes, people, self.recipe.history_length)
            scores = self.scores(self.tensor(rows), items).cpu().numpy()
            ranks.append(ranks_of(scores, targets[start : start + RANKED_AT_ONCE], self.events, block))
        return float(metrics.ndcg(np.concatenate(ranks), CUT_OFF).mean())

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The module's weights as plain arrays, by the names that it gives them."""
        state = {name: value.detach().cpu().numpy() for name, value in self.model.state_dict().items()}
        return {name: value for name, value in state.items() if value.dtype == np.float32}

    def tensor(self, array: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(array).to(self.device)


def held_out(
    events: Sequences, vocabulary: Vocabulary, validation: Interactions, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Users (as indices) with a history and a held-out event, and its row, -1 where the model cannot know it."""
    users = np.minimum(np.searchsorted(events.user_ids, validation.user_ids), len(events.user_ids) - 1)
    known = np.flatnonzero(events.user_ids[users] == validation.user_ids)
    chosen = np.sort(random.permutation(known)[:VALIDATED])
    return users[chosen], vocabulary.rows(validation.item_ids[chosen])


def ranks_of(
    scores: NDArray[np.float32], targets: NDArray[np.int64], events: Sequences, users: NDArray[np.int64]
) -> NDArray[np.int64]:
    """[u] ranks of the targets by `scores` [u, n], what the users have seen left out; ties go to the lower row."""
    own = scores[np.arange(len(users)), targets][:, None].copy()
    for line, user in enumerate(users):
        scores[line, events.rows[events.starts[user] : events.ends[user]]] = -np.inf
    earlier = np.arange(scores.shape[1]) < targets[:, None]
    ranks = 1 + (scores > own).sum(axis=1) + ((scores == own) & earlier).sum(axis=1)
    return np.where(targets >= 0, ranks, 0)


def device_of(name: str) -> torch.device:
    """`auto` is the GPU where there is one. Raises `InvalidConfig` for a GPU that is not there."""
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise InvalidConfig("The configuration asks for a GPU, and PyTorch finds none here.")
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)


@contextmanager
def seeded(seed: int, threads: int) -> Iterator[None]:
    """Run with PyTorch's own randomness seeded and its threads bounded, and leave both as they were."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before)
