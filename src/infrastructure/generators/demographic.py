"""Demographics: what people of the same age, gender or occupation like more than others do."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain import explaining
from domain.catalogue import Catalogue
from domain.recommendation import Candidates, Context, Reason
from domain.users import Demographics
from infrastructure.generators.signals import proposed
from infrastructure.learning.features import AGE_BRACKETS, age_bracket, demographic_features
from infrastructure.learning.shared_parts import SharedParts

#: MovieLens writes genders as letters
PEOPLE: Mapping[str, str] = {"F": "women", "M": "men"}


class DemographicGenerator:
    """Naive Bayes over the groups that somebody belongs to; the lifts are estimated when the model is trained."""

    name = "demographic"

    def __init__(self, catalogue: Catalogue, shared: SharedParts) -> None:
        rows = shared.vocabulary.rows(catalogue.ids)
        known = rows >= 0
        self._vocabulary = shared.vocabulary
        self._lifts = np.where(known, shared.group_lifts[:, rows], 0.0).astype(np.float64)  # [D, n]
        shares = shared.item_shares
        floor = float(shares.min()) if len(shares) else 0.0
        self._shares = np.where(known, shares[rows], floor).astype(np.float64) if len(shares) else np.zeros(len(rows))

    def scores(self, context: Context) -> NDArray[np.float64] | None:
        """[n] how much likelier than the least liked item; None for somebody of no group that is known."""
        groups = self._groups(context.demographics)
        if not groups.any():
            return None
        scores = self._shares + groups @ self._lifts
        return np.asarray(scores - scores.min(), dtype=np.float64)

    def __call__(self, context: Context, limit: int) -> Candidates:
        return proposed(self.scores(context), context, limit)

    def reasons(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason | None]:
        """For each position the user's group that likes the item most above others, if any does."""
        who = context.demographics
        ages = len(AGE_BRACKETS) + 2
        genders = ages + len(self._vocabulary.genders) + 1
        lifts = self._groups(who)[:, None] * self._lifts[:, positions]  # [D, c]
        words = (
            f"people aged {bracket_name(who.age)}",
            PEOPLE.get(who.gender or "", f"people of gender {who.gender}"),
            f"people whose occupation is {who.occupation}",
        )
        by_kind = np.stack([part.sum(axis=0) for part in (lifts[:ages], lifts[ages:genders], lifts[genders:])])
        return [
            explaining.liked_by_people_like_you([words[kind]]) if lift > 0 else None
            for kind, lift in zip(by_kind.argmax(axis=0).tolist(), by_kind.max(axis=0).tolist(), strict=True)
        ]

    def _groups(self, who: Demographics) -> NDArray[np.float64]:
        """[D] 1 for each group that somebody is known to belong to."""
        groups = demographic_features(self._vocabulary, [who])[0]
        ages = len(AGE_BRACKETS) + 2
        groups[[0, ages, ages + len(self._vocabulary.genders) + 1]] = 0.0  # `unknown` is no group
        return np.asarray(groups, dtype=np.float64)


def bracket_name(age: int | None) -> str:
    """The age bracket in words, such as `25–34`."""
    bracket = age_bracket(age)
    if bracket <= 1:
        return f"under {AGE_BRACKETS[0]}"
    if bracket > len(AGE_BRACKETS):
        return f"{AGE_BRACKETS[-1]} and over"
    return f"{AGE_BRACKETS[bracket - 2]}–{AGE_BRACKETS[bracket - 1] - 1}"
