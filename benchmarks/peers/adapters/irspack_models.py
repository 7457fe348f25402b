"""irspack: iALS as revisited by Rendle et al. (2022). A history that was not learnt from is folded in."""

import os

from common import ranked, run
from irspack import IALSRecommender

THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))


def learn(split, parameters):
    model = IALSRecommender(split.matrix(split.train), n_threads=THREADS, random_seed=0, **parameters)
    model.learn()
    history = split.matrix(split.history)
    return lambda: ranked(split, lambda users: model.get_score_cold_user(history[users])), ""


if __name__ == "__main__":
    run(learn)
