"""Film titles as MovieLens publishes them, turned into titles as people read them."""

import re

_ARTICLES = "The|A|An|La|Le|Les|L'|El|Los|Las|Il|Lo|I|O|Das|Der|Die|Det"
#: the last "(1995)", which "(V)" for video may follow
_YEAR = re.compile(r"\s*\((\d{4})\)(?:\s*\(V\))?\s*$")
#: "Tin Drum, The" at the start or within brackets, as in "(Blechtrommel, Die)"
_ARTICLE_BEHIND = re.compile(rf"(?P<start>^|\()(?P<body>[^()]+), (?P<article>{_ARTICLES})(?=\s*(?:[()]|$))")


def split_title(published: str) -> tuple[str, int | None]:
    """Title and year: "Tin Drum, The (Blechtrommel, Die) (1979)" is "The Tin Drum (Die Blechtrommel)" of 1979."""
    found = _YEAR.search(published)
    title, year = (published[: found.start()], int(found[1])) if found else (published, None)
    tidy = re.sub(r"\s+", " ", title).replace(" )", ")").strip()
    return _ARTICLE_BEHIND.sub(_article_in_front, tidy), year


def _article_in_front(found: re.Match[str]) -> str:
    gap = "" if found["article"].endswith("'") else " "
    return f"{found['start']}{found['article']}{gap}{found['body']}"
