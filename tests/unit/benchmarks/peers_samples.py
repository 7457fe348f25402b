"""A small split that the tests of the peers share."""

import numpy as np

from benchmarks.peers.splits import PeerSplit
from domain.events import Interactions
from domain.splitting import Split


def interactions(*rows):
    """Rows of user, item; the times ascend."""
    users, items = zip(*rows, strict=True)
    count = len(rows)
    return Interactions(np.array(users), np.array(items), np.full(count, 4, dtype=np.float32), np.arange(count))


#: ids are not rows: users 7 and 9 are rows 0 and 1, items 10, 20, ... are rows 0, 1, ...
TRAIN = interactions((7, 10), (7, 20), (9, 30))
VALIDATION = interactions((7, 40), (9, 10))
TEST = interactions((7, 50), (7, 60), (9, 20))


def split(looks_back=True):
    return PeerSplit.of("q1", Split(TRAIN, VALIDATION, TEST), looks_back)
