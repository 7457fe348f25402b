"""RecTools: EASE in closed form, and the transformer SASRec, trained for a bounded time."""

import tempfile
from datetime import timedelta

import numpy as np
import pandas as pd
from common import PLACES, run
from rectools import Columns
from rectools.dataset import Dataset, IdMap, Interactions
from rectools.models import EASEModel


def datasets(split, fitted):
    """What RecTools fits, and what it recommends from: the events of `fitted` and of the history, two masks.

    Both give an item the same row. An item of the history that was not fitted is left out: no model knows it.
    """
    known = np.unique(split.items[fitted])
    history = split.history & np.isin(split.items, known)
    users, items = IdMap.from_values(np.arange(split.shape[0])), IdMap.from_values(known)
    events = table(split)
    return tuple(Dataset(users, items, Interactions.from_raw(events[rows], users, items)) for rows in (fitted, history))


def table(split):
    """Every event. Its weight is 1: the rating is not used. Equal times of a user are told apart by microseconds."""
    place = pd.Series(split.users).groupby(split.users).cumcount().to_numpy()
    return pd.DataFrame(
        {
            Columns.User: split.users,
            Columns.Item: split.items,
            Columns.Weight: 1.0,
            Columns.Datetime: pd.to_datetime(split.times * 1_000_000 + place, unit="us"),
        }
    )


def lists(split, model, known):
    """[a, PLACES] from RecTools' table of recommendations."""
    shown = model.recommend(users=split.asked, dataset=known, k=PLACES, filter_viewed=True)
    places = np.full((len(split.asked), PLACES), -1, dtype=np.int64)
    places[np.searchsorted(split.asked, shown[Columns.User]), shown[Columns.Rank] - 1] = shown[Columns.Item]
    return places


#: found by comparing with EASE written out: its lists are those of the transpose, item by item
TRANSPOSED = "this release ranks by the transpose of EASE's weights"


def learn_ease(split, parameters):
    fitted, known = datasets(split, split.train)
    model = EASEModel(recommend_n_threads=1, **parameters).fit(fitted)
    return lambda: lists(split, model, known), TRANSPOSED


def learn_sasrec(split, parameters):
    """SASRec with early stopping: the loss of the validation events chooses the epoch, or the time runs out before."""
    from pytorch_lightning import Trainer, seed_everything
    from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
    from rectools.models import SASRecModel

    minutes, patience = parameters.pop("minutes"), parameters.pop("patience")
    seed_everything(0)
    checkpoints = tempfile.TemporaryDirectory()
    best = ModelCheckpoint(checkpoints.name, monitor="val_loss", mode="min")

    def trainer():
        return Trainer(
            max_epochs=parameters["epochs"],
            max_time=timedelta(minutes=minutes),
            callbacks=[EarlyStopping("val_loss", patience=patience), best],
            accelerator="cpu",
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )

    # The validation events are fitted in name only: the mask keeps them out of training.
    every = np.ones(len(split.users), dtype=bool)
    fitted, known = datasets(split, every)
    held_out = pd.MultiIndex.from_arrays([split.users[~split.train], split.items[~split.train]])

    def validation(events):
        return pd.MultiIndex.from_frame(events[[Columns.User, Columns.Item]]).isin(held_out)

    model = SASRecModel(get_trainer_func=trainer, get_val_mask_func=validation, **parameters).fit(fitted)
    done = model.fit_trainer
    path = done.checkpoint_callback.best_model_path
    if path:
        model.load_weights_from_checkpoint(path)
    checkpoints.cleanup()
    return lambda: lists(split, model, known), f"{done.current_epoch} epochs in at most {minutes:g} minutes"


def learn(split, parameters):
    return {"EASE": learn_ease, "SASRec": learn_sasrec}[parameters.pop("model")](split, parameters)


if __name__ == "__main__":
    run(learn)
