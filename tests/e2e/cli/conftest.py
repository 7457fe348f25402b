import os
import subprocess
import sys

import numpy as np
import pytest

USERS, ITEMS = 60, 40
GENRES = ("Comedy", "Drama", "Horror", "War")


def write_dataset(folder):
    """A folder in the layout of MovieLens 1M: everybody likes the films of one genre, and some films are well known."""
    random = np.random.default_rng(7)
    movies = [f"{i}::Film {i} (19{50 + i})::{GENRES[i % 4]}" for i in range(1, ITEMS + 1)]
    people = [f"{u}::{'FM'[u % 2]}::25::{u % 20}::10115" for u in range(1, USERS + 1)]
    ratings = []
    for user in range(1, USERS + 1):
        liked = [i for i in range(1, ITEMS + 1) if i % 4 == user % 4]
        others = [i for i in range(1, ITEMS + 1) if i % 4 != user % 4]
        chosen = [*random.permutation(liked)[:7], *random.permutation(others)[:3]]
        ratings += [
            f"{user}::{item}::{5 if item % 4 == user % 4 else 2}::{978300000 + order * 60}"
            for order, item in enumerate(random.permutation(chosen))
        ]
    folder.mkdir()
    for name, lines in (("movies.dat", movies), ("users.dat", people), ("ratings.dat", ratings)):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="latin-1")
    return len(ratings)


class Marquee:
    """Runs the command line as a person does, in a process and a data folder of its own."""

    def __init__(self, home):
        self.home = home
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("MARQUEE_")}
        self.environment |= {"MARQUEE_HOME": str(home), "OMP_NUM_THREADS": "1"}

    def __call__(self, *arguments, stdin="", status=0, **settings):
        done = subprocess.run(
            [sys.executable, "-c", "from main.cli import run; run()", *map(str, arguments)],
            input=stdin,
            env=self.environment | settings,
            cwd=self.home.parent,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "tiny"
    write_dataset(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory):
    path = tmp_path_factory.mktemp("configs") / "tiny.toml"
    path.write_text('engines = ["ncf"]\nseed = 1\n[ncf]\nepochs = 2\nbatch_size = 64\nembedding_size = 8\n')
    return path


@pytest.fixture
def marquee(tmp_path):
    return Marquee(tmp_path / "home")


@pytest.fixture(scope="session")
def trained(tmp_path_factory, dataset, tiny_config):
    """A data folder with the tiny data set loaded and a model trained on it. Tests must leave it as it is."""
    marquee = Marquee(tmp_path_factory.mktemp("trained") / "home")
    marquee("data", "load", dataset)
    marquee("train", tiny_config)
    return marquee
