"""What every adapter shares. It runs in the peer's environment: NumPy and SciPy alone, nothing of Marquee.

An adapter is called as `python ADAPTER SPLIT.npz LISTS.npz PARAMETERS`, the parameters as a JSON object.
The split has columns `users`, `items` (rows from 0), `ratings`, `times`, `part` (0 train, 1 validation), all of one
length, sorted by part, user and time; `asked` [a], the users to make lists for; `shape`, how many users and items
there are; `looks_back`, whether the history behind a list has the validation events too. The lists have `items`
[a, 100], best first and -1 where there are no more, the `seconds` of processor time that training took, and a `note`.
"""

import json
import sys
import time

import numpy as np
from scipy import sparse

PLACES = 100
#: users whose scores are in memory at a time
CHUNK = 512


class Split:
    """The events that a peer may know."""

    def __init__(self, columns):
        self.users, self.items = columns["users"], columns["items"]
        self.ratings, self.times = columns["ratings"], columns["times"]
        self.train = columns["part"] == 0
        self.asked = columns["asked"]
        self.shape = tuple(int(size) for size in columns["shape"])
        self.history = np.ones(len(self.users), dtype=bool) if columns["looks_back"] else self.train

    def matrix(self, rows):
        """[users, items] CSR of float32: 1 where there is an event among `rows`, a mask."""
        ones = np.ones(int(rows.sum()), dtype=np.float32)
        return sparse.csr_matrix((ones, (self.users[rows], self.items[rows])), shape=self.shape)

    def everything(self):
        """[users, items] CSR of what must not be in a list."""
        return self.matrix(np.ones(len(self.users), dtype=bool))


def top(scores, owned):
    """[u, PLACES] best items by `scores` [u, i], none of `owned` (CSR [u, i]); ties in the order of the rows."""
    scores = np.array(scores, dtype=np.float64)
    rows, columns = owned.nonzero()
    scores[rows, columns] = -np.inf
    order = np.argsort(-scores, axis=1, kind="stable")[:, :PLACES]
    lists = np.where(np.isfinite(np.take_along_axis(scores, order, axis=1)), order, -1)
    return np.pad(lists, ((0, 0), (0, PLACES - lists.shape[1])), constant_values=-1)


def ranked(split, score, chunk=CHUNK):
    """[a, PLACES] lists of all asked users. `score` maps user rows [u] to scores [u, i]."""
    owned = split.everything()
    chunks = [split.asked[start : start + chunk] for start in range(0, len(split.asked), chunk)]
    return np.concatenate([top(score(users), owned[users]) for users in chunks])


def run(learn):
    """Read the split, write the lists. `learn(split, parameters)` gives a function that makes them, and a note."""
    source, target, parameters = sys.argv[1:4]
    with np.load(source) as columns:
        split = Split({name: columns[name] for name in columns.files})
    start = time.process_time()
    lists, note = learn(split, json.loads(parameters))
    seconds = time.process_time() - start
    np.savez(target, items=lists(), seconds=seconds, note=note)
