"""Small made-up worlds for learning: who likes what is planted, so that tests know what there is to find."""

from dataclasses import asdict, dataclass

import numpy as np

from domain.catalogue import Catalogue
from domain.events import Interactions
from domain.items import Item, Kind
from domain.model_versions import TrainingConfig
from domain.ports.learning import TrainingData
from domain.users import Demographics
from infrastructure.learning.material import Material
from infrastructure.learning.recipes.ncf import NcfRecipe
from infrastructure.learning.trainer import RecipeTrainer

GENRES = ("Comedy", "Crime", "Drama", "Western")
LIKED_FROM = 4.0
QUICK = NcfRecipe(
    embedding_size=8, epochs=10, learning_rate=5e-3, batch_size=256, negatives=8, history_length=10, dropout=0.1
)


def config_of(*recipes, seed: int = 3) -> TrainingConfig:
    """A run of these recipes."""
    return TrainingConfig({recipe.name: asdict(recipe) for recipe in recipes}, seed=seed, device="cpu")


def train(world: "World", *recipes, seed: int = 3, on_epoch=lambda report: None, wish=None):
    """One run on one thread."""
    trainer = RecipeTrainer(threads=1, wish=wish, workers=1)
    return trainer(world.training, world.validation, config_of(*recipes, seed=seed), on_epoch)


def material(world: "World", seed: int = 3) -> Material:
    """What recipes are given for this world."""
    return Material.of(world.training, world.validation, TrainingConfig({}, seed=seed, device="cpu"), threads=1)


@dataclass(frozen=True, eq=False)
class World:
    training: TrainingData
    validation: Interactions


def catalogue(size: int = 80) -> Catalogue:
    """Items 10, 20, …; each genre has a run of neighbours. The lower in its run, the more ratings it claims."""
    run = size // len(GENRES)
    return Catalogue.of(
        [
            Item(
                Kind.MOVIE,
                f"{GENRES[i // run]} tale number {i % run}",
                id=10 * (i + 1),
                year=1980 + i,
                genres=(GENRES[i // run],),
                rating_count=100 - i % run,
                rating_sum=3.5 * (100 - i % run),
            )
            for i in range(size)
        ]
    )


def world(users: int = 200, events: int = 9, size: int = 80, seed: int = 0) -> World:
    """Every user walks along one genre's run in order, from a random place: the next item follows from the last."""
    random = np.random.default_rng(seed)
    items = catalogue(size)
    run = size // len(GENRES)
    genre = random.integers(0, len(GENRES), users)
    start = random.integers(0, run, users)
    steps = (start[:, None] + np.arange(events)) % run
    noise = random.random((users, events)) < 0.1
    rows = np.where(noise, random.integers(0, size, (users, events)), genre[:, None] * run + steps)
    ratings = np.where(noise, 2.0, 5.0)
    last = np.arange(events) == events - 1
    kept = first_times(rows)
    everything = Interactions(
        np.repeat(np.arange(1, users + 1), events),
        items.ids[rows.ravel()],
        ratings.ravel().astype(np.float32),
        np.tile(np.arange(events), users) * 60,
    )
    training = everything.take((kept & ~last).ravel())
    # Who they are says nothing about what they like: the history has to.
    people = {u + 1: Demographics(20 + u % 40, "FM"[u % 2], ("clerk", "artist", "miner")[u % 3]) for u in range(users)}
    return World(TrainingData(items, training, people, LIKED_FROM), everything.take((kept & last).ravel()))


def first_times(rows: np.ndarray) -> np.ndarray:
    """True where a user's row has the item for the first time: nobody rates anything twice."""
    kept = np.zeros(rows.shape, dtype=bool)
    for line, row in enumerate(rows):
        kept[line, np.unique(row, return_index=True)[1]] = True
    return kept


def serve(registry, version: str) -> str:
    """Make a version the champion, and give its name back."""
    aliases = registry.aliases()
    registry.move_aliases(aliases.generation, aliases.promoting(version))
    return version
