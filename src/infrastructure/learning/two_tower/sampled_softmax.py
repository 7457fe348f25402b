"""Softmax over the items of a batch, corrected for how often an item is in one."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name that everybody reads it by


def sampled_softmax(users: Tensor, items: Tensor, places: Tensor, owners: Tensor, log_shares: Tensor) -> Tensor:
    """The mean cross-entropy, a scalar, of users [e, d] against the i different items [i, d] of their batch.

    `places` [e] says which of the items each user took up, `owners` [e] whose history the event is of, `log_shares` [i]
    the logarithm of each item's share of all events. Every event of the batch gives a negative to the others, so
    popular items are drawn more often than others; less their log share, a logit is as in the full softmax (Yi et al.,
    RecSys 2019). An item that is there several times counts as often. Others of the same owner are left out: they are
    what the user took up a little earlier or later, and so are not drawn by share.
    """
    counts = torch.bincount(places, minlength=len(items)).to(users.dtype)
    logits = users @ items.t() + (counts.log() - log_shares)
    left_out = torch.zeros(int(owners.max()) + 1, len(items), dtype=torch.bool, device=users.device)
    left_out[owners, places] = True
    left_out = left_out[owners].scatter(1, places[:, None], False)
    return F.cross_entropy(logits.masked_fill(left_out, -math.inf), places)
