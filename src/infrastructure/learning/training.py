"""Training the neural model: one loop, early stopping on the full catalogue, and the best weights kept."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name that everybody reads it by

from domain import metrics
from domain.errors import InvalidConfig, NothingToLearn
from domain.events import Interactions
from domain.model_versions import EpochReport, TrainingConfig
from domain.ports.learning import TrainingData
from domain.users import Demographics
from infrastructure.learning import features, sequences
from infrastructure.learning.artifacts import TrainedNcf
from infrastructure.learning.features import Vocabulary
from infrastructure.learning.group_affinity import group_affinity
from infrastructure.learning.item_vectors import item_vectors
from infrastructure.learning.ncf import Ncf
from infrastructure.learning.sequences import Batch, Examples, Sequences

#: share of the run in which the learning rate rises; from there it falls to nothing (Smith & Topin, 2019)
WARM_UP = 0.15
#: users that are ranked for validation after each epoch, at most, and how many at once
VALIDATED, RANKED_AT_ONCE = 10_000, 128
CUT_OFF = 10


class TorchNcfTrainer:
    """Implements `domain.ports.learning.Trainer`. `threads` is the number of PyTorch's own on a CPU.

    By default it is half the cores. These layers are small: all cores are a fifth faster on an idle machine and, since
    PyTorch's threads wait for each other in a loop, ten times slower on a busy one.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or max(1, (os.cpu_count() or 1) // 2)

    def __call__(
        self,
        training: TrainingData,
        validation: Interactions,
        config: TrainingConfig,
        on_epoch: Callable[[EpochReport], None],
    ) -> TrainedNcf:
        """As the port says. Raises `NothingToLearn` for fewer than two items or events."""
        known = training.interactions.take(np.isin(training.interactions.item_ids, training.catalogue.ids))
        with seeded(config.seed, self._threads):
            run = TrainingRun(training, known, validation, config)
            reports = run.fit(on_epoch)
            return run.result(reports)


class TrainingRun:
    """Everything that one run holds: its examples, the module on its device, and the facts that it is fed with."""

    def __init__(
        self, training: TrainingData, events: Interactions, validation: Interactions, config: TrainingConfig
    ) -> None:
        self.config = config
        self.device = device_of(config.device)
        self.vocabulary = Vocabulary.of(training.catalogue, events, training.demographics, config.history_length)
        if len(self.vocabulary) < 2 or len(events) < 2:
            raise NothingToLearn(len(events))
        self.events = Sequences.of(self.vocabulary, events, training.liked_from)
        self.examples = Examples(
            self.events, len(self.vocabulary), config.history_length, config.negatives, config.popular_negatives
        )
        self.popularity = features.popularity_features(self.vocabulary, events)
        positions = training.catalogue.positions(self.vocabulary.item_ids)
        facts = features.item_features(training.catalogue, self.vocabulary, self.popularity)[positions]
        self.genres = features.genre_columns(training.catalogue, self.vocabulary.genre_names)[positions]
        unknown = Demographics()
        people = [training.demographics.get(int(user_id), unknown) for user_id in self.events.user_ids]
        self.groups = features.demographic_features(self.vocabulary, people)
        self.vectors = item_vectors(
            self.events.rows, self.events.users, len(self.vocabulary), config.embedding_size, config.seed
        )
        self.facts, self.demographics = self.tensor(facts), self.tensor(self.groups)
        self.model = self.new_model().to(self.device)
        self.random = np.random.default_rng(config.seed)
        self.validation = held_out(self.events, self.vocabulary, validation, self.random)

    def new_model(self) -> Ncf:
        """A module whose embeddings begin at the collaborative item vectors."""
        user_size = self.vocabulary.user_size(self.config.embedding_size)
        size = len(self.vocabulary)
        model = Ncf(size, user_size, self.vocabulary.item_size, self.config.embedding_size, self.config.dropout)
        model.start_from(torch.from_numpy(self.vectors), self.config.negatives)
        return model

    def fit(self, on_epoch: Callable[[EpochReport], None]) -> list[EpochReport]:
        """The loop. The module holds the weights of the best epoch afterwards."""
        config = self.config
        optimizer = torch.optim.AdamW(self.model.parameters(), config.learning_rate, weight_decay=config.weight_decay)
        steps = self.examples.batch_count(config.batch_size) * config.epochs + 1
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, config.learning_rate, steps, pct_start=WARM_UP, anneal_strategy="linear"
        )
        best: dict[str, Tensor] = {}
        reports: list[EpochReport] = []
        for epoch in range(1, config.epochs + 1):
            started = time.perf_counter()
            self.model.train()
            total, count = 0.0, 0
            for batch in self.examples.batches(config.batch_size, self.random):
                loss = self.loss(batch)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
                total, count = total + loss.item() * int(batch.valid.sum()), count + int(batch.valid.sum())
            value = self.validate()
            is_best = not len(self.validation[0]) or value > max(
                (report.validation for report in reports), default=-1.0
            )
            if is_best:
                best = {name: weights.detach().clone() for name, weights in self.model.state_dict().items()}
            reports.append(EpochReport(epoch, total / max(count, 1), value, is_best, time.perf_counter() - started))
            on_epoch(reports[-1])
            if not any(report.best for report in reports[-config.patience :]):
                break
        self.model.load_state_dict(best)
        return reports

    def loss(self, batch: Batch) -> Tensor:
        """Binary cross-entropy of every target and of its negatives, summed over the negatives, per target."""
        targets = batch.targets[batch.valid]  # [e]
        rows, places = np.unique(
            np.concatenate([batch.negatives.ravel(), self.events.rows[targets]]), return_inverse=True
        )
        valid, unseen = self.tensor(batch.valid), self.tensor(batch.unseen)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.device.type == "cuda"):
            used = self.tensor(rows)
            items = self.model.item_shares(self.facts[used], F.embedding(used, self.model.embedding))  # [i, 64]
            users = self.model.user_shares(self.batch_features(batch))  # [e, 64]
            positive = self.model.logits(users, F.embedding(self.tensor(places[batch.negatives.size :]), items))
            drawn = self.tensor(places[: batch.negatives.size]).view(batch.negatives.shape)
            # A stretch shares its negatives: laid out as a grid, no vector is copied once per pair.
            grid = users.new_zeros((*valid.shape, users.shape[-1])).index_put(valid.nonzero(as_tuple=True), users)
            negative = self.model.logits(grid[:, :, None], F.embedding(drawn, items)[:, None])  # [b, T, K]
        worth = torch.where(self.tensor(self.events.liked[targets]), 1.0, self.config.disliked_weight)
        wrong = F.softplus(negative.float()) * (unseen[:, None] & valid[:, :, None])
        return ((F.softplus(-positive.float()) * worth).sum() + wrong.sum()) / len(positive)

    def batch_features(self, batch: Batch) -> Tensor:
        """[e, F] `features.user_features` of every valid target, with gradients for the embeddings."""
        weights = self.tensor(batch.weights).transpose(2, 3)  # [b, T, P, C]
        count, stretch, pools, _ = weights.shape
        pooled = weights.reshape(count, stretch * pools, -1) @ self.event_values(batch.history)  # [b, T·P, E]
        length = np.log1p(np.minimum(batch.sizes, self.config.history_length)) / np.log1p(self.config.history_length)
        valid = self.tensor(batch.valid)
        people = self.demographics[self.tensor(np.repeat(batch.users, batch.valid.sum(axis=1)))]
        sizes = self.tensor(length.astype(np.float32))[valid][:, None]
        return torch.cat([pooled.view(count, stretch, -1)[valid], sizes, people], dim=1)

    def event_values(self, history: NDArray[np.int64]) -> Tensor:
        """[…, E] `features.event_values` of the given events."""
        rows = self.events.rows[history]
        said = features.event_values(self.genres[rows], self.events.ratings[history])
        return torch.cat([F.embedding(self.tensor(rows), self.model.embedding), self.tensor(said)], dim=-1)

    @torch.no_grad()
    def validate(self) -> float:
        """NDCG@10 of the held-out events among all items that their users had not had."""
        self.model.eval()
        users, targets = self.validation
        items = self.model.item_shares(self.facts, self.model.embedding)
        ranks = [np.empty(0, dtype=np.int64)]
        for start in range(0, len(users), RANKED_AT_ONCE):
            block = users[start : start + RANKED_AT_ONCE]
            history, weights, sizes = sequences.latest_histories(self.events, block, self.config.history_length)
            values = self.event_values(history).cpu().numpy()
            people = self.groups[block]
            rows = features.user_features(weights, values, sizes, people, self.config.history_length)
            logits = self.model.logits(self.model.user_shares(self.tensor(rows))[:, None], items[None])
            scores = logits.cpu().numpy()
            ranks.append(ranks_of(scores, targets[start : start + RANKED_AT_ONCE], self.events, block))
        return float(metrics.ndcg(np.concatenate(ranks), CUT_OFF).mean()) if len(users) else 0.0

    def result(self, reports: list[EpochReport]) -> TrainedNcf:
        """The trained model as plain arrays."""
        weights = {name: value.detach().cpu().numpy() for name, value in self.model.state_dict().items()}
        liked = self.events.liked
        lifts, shares = group_affinity(
            self.groups, self.events.rows[liked], self.events.users[liked], len(self.vocabulary)
        )
        return TrainedNcf(
            epochs=tuple(reports),
            vocabulary=self.vocabulary,
            weights={name: value for name, value in weights.items() if value.dtype == np.float32},
            item_vectors=self.vectors,
            popularity=self.popularity,
            group_lifts=lifts,
            item_shares=shares,
            seed=self.config.seed,
        )

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
