"""RecBole: the general recommenders that learn in their constructor (ADMMSLIM, EASE)."""

import tempfile
from pathlib import Path

import numpy as np
from common import ranked, run
from recbole.config import Config
from recbole.data import create_dataset
from recbole.utils import get_model
from scipy import sparse

HEADER = "user_id:token\titem_id:token\ttimestamp:float\n"
COLUMNS = ["user_id", "item_id", "timestamp"]


def recbole_dataset(split, name, parameters, folder):
    """RecBole reads files of its own format; it is given what is learnt from and nothing else."""
    home = Path(folder) / "split"
    home.mkdir()
    rows = zip(split.users[split.train], split.items[split.train], split.times[split.train], strict=True)
    lines = (f"{user}\t{item}\t{time}\n" for user, item, time in rows)
    (home / "split.inter").write_text(HEADER + "".join(lines), encoding="utf-8")
    quiet = {"use_gpu": False, "show_progress": False, "state": "ERROR"}
    settings = {"data_path": str(folder), "load_col": {"inter": COLUMNS}, "seed": 0, **quiet, **parameters}
    config = Config(model=name, dataset="split", config_dict=settings)
    return config, create_dataset(config)


def learn(split, parameters):
    name = parameters.pop("model")
    with tempfile.TemporaryDirectory() as folder:
        config, dataset = recbole_dataset(split, name, parameters, folder)
        model = get_model(name)(config, dataset)
    # RecBole's row of each of our items; its row 0 is padding, and an item that nobody has in train has none.
    own = dataset.field2token_id["item_id"]
    theirs = np.array([own.get(str(item), 0) for item in range(split.shape[1])])
    similarity = model.item_similarity
    similarity = similarity.toarray() if sparse.issparse(similarity) else np.asarray(similarity)
    similarity = similarity[np.ix_(theirs, theirs)]
    similarity[theirs == 0], similarity[:, theirs == 0] = 0, 0
    history = split.matrix(split.history)
    return lambda: ranked(split, lambda users: history[users] @ similarity), ""


if __name__ == "__main__":
    run(learn)
