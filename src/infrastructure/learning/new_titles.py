"""Where titles lie that no rating has placed yet: between the titles whose content is most like theirs."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from infrastructure.generators.content import tfidf
from infrastructure.learning.features import Floats
from infrastructure.retrieval.exact_index import unit_length

#: a new title lies between so many known ones; the power lets the most alike outweigh the rest
BETWEEN, SHARPNESS = 20, 2.0
#: titles placed at once, so that the matrix of similarities stays small
CHUNK = 256


def placed_by_content(catalogue: Catalogue, vectors: Floats) -> tuple[Floats, int]:
    """[n, d] `vectors` [n, d] of the catalogue's items with the rows of zeros filled in, and how many could be.

    A new title takes the mean of the vectors of known titles of its kind, weighted by the words, genres and tags that
    they share. One that has nothing in common with any stays at zero.
    """
    terms, _ = tfidf(catalogue)
    known = vectors.any(axis=1)
    filled = vectors.copy()
    for kind in np.unique(catalogue.kinds[~known]):
        ours = catalogue.kinds == kind
        models = sp.csr_array(terms[ours & known].T)
        new = np.flatnonzero(ours & ~known)
        for start in range(0, len(new), CHUNK):
            block = new[start : start + CHUNK]
            filled[block] = _between((terms[block] @ models).toarray(), vectors[ours & known])
    return filled, int(filled.any(axis=1).sum() - known.sum())


def _between(common: NDArray[np.float64], vectors: Floats) -> Floats:
    """[c, d] unit vectors between the rows of `vectors` [m, d], by what each has in common with them [c, m]."""
    weights = common**SHARPNESS
    if weights.shape[1] > BETWEEN:
        least = np.partition(weights, -BETWEEN, axis=1)[:, -BETWEEN, None]
        weights = np.where(weights >= least, weights, 0.0)
    return unit_length(np.asarray(weights @ vectors, dtype=np.float32))
