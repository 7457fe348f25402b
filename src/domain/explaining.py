"""Reasons in words a person likes to read."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.recommendation import Context, Reason

#: how many of the user's own titles a reason names at most
NAMED = 2


def because_you_liked(context: Context, contributions: NDArray[np.float64], most: int = NAMED) -> Reason | None:
    """The reason that names the liked items of the history, at most so many, which raised a score most.

    `contributions` [m] is what each item of the history added to the score; None when no liked one added anything:
    a title that somebody disliked is no reason that they would accept. A second title is named only when it added at
    least half as much as the first.
    """
    spoken = np.where(context.ratings >= context.liked_from, contributions, 0.0)
    if not len(spoken) or spoken.max() <= 0:
        return None
    order = np.argsort(-spoken, kind="stable")[:most]
    strong = [int(m) for m in order if spoken[m] >= spoken[order[0]] / 2]
    named = context.positions[strong]
    titles = listed([f"*{context.catalogue.titles[position]}*" for position in named])
    return Reason("history", f"Because you liked {titles}", tuple(int(i) for i in context.catalogue.ids[named]))


def matches_genres(genres: Sequence[str]) -> Reason:
    """The reason for an item whose genres are the user's own."""
    return Reason("genre", f"Matches your taste for {listed(list(genres))}")


def popular(rating_count: int, rating_mean: float) -> Reason:
    """The reason that holds for everybody: how many rated the item, and how well."""
    if not rating_count:
        return Reason("new", "New in the catalogue")
    people = "1 person" if rating_count == 1 else f"{rating_count:,} people"
    return Reason("popular", f"Rated {rating_mean:.1f} of 5 by {people}")


def little_known() -> Reason:
    """The reason for what chance has chosen among the titles that few have rated."""
    return Reason("exploration", "Few have rated it yet: shown to find out who likes it")


def trending() -> Reason:
    """The reason for what is taken up most of late."""
    return Reason("trending", "Popular right now")


def liked_by_people_like_you(who: Sequence[str]) -> Reason:
    """`who` describes the group, most telling part first, such as ("women", "25–34")."""
    return Reason("demographics", f"Liked by {' '.join(who)}")


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
