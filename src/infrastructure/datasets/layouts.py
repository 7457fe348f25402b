"""The layouts in which MovieLens is published: which files there are, and what their fields mean."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from domain.errors import MalformedDataset
from domain.items import Item, Kind
from domain.users import Demographics
from infrastructure.datasets.archive import Archive
from infrastructure.datasets.rows import BadRow, Problems, Table, read_id, read_integer, require_fields, shown
from infrastructure.datasets.titles import split_title

#: occupations of MovieLens 1M by their code, in the words of its README
OCCUPATIONS = (
    "other",
    "academic/educator",
    "artist",
    "clerical/admin",
    "college/grad student",
    "customer service",
    "doctor/health care",
    "executive/managerial",
    "farmer",
    "homemaker",
    "K-12 student",
    "lawyer",
    "programmer",
    "retired",
    "sales/marketing",
    "scientist",
    "self-employed",
    "technician/engineer",
    "tradesman/craftsman",
    "unemployed",
    "writer",
)
#: genre names that say that no genre is known
NO_GENRE = frozenset({"unknown", "(no genres listed)", ""})
MAX_AGE = 130


@dataclass(frozen=True)
class Layout:
    """One way to lay a data set out in files. `genres` names the file of genre flags where there is one."""

    items: Table
    users: Table
    ratings: Table
    read_item: Callable[[list[str], Sequence[str]], tuple[int, Item]]
    read_user: Callable[[list[str]], tuple[int, Demographics]]
    genres: Table | None = None

    @property
    def files(self) -> tuple[str, ...]:
        tables = (self.items, self.users, self.ratings, self.genres)
        return tuple(table.file for table in tables if table is not None)

    def genre_names(self, archive: Archive, folder: str, problems: Problems) -> tuple[str, ...]:
        """Genres by their id, or none where items name theirs themselves."""
        if self.genres is None:
            return ()
        names: list[str] = []
        for number, (name, id_text) in self.genres.rows(archive, folder + self.genres.file, problems):
            if id_text != str(len(names)):
                problems.add(self.genres.file, number, f"genre id {shown(id_text)} should be {len(names)}")
            names.append(name)
        return tuple(names)


def find_layout(archive: Archive) -> tuple[Layout, str]:
    """The layout that the archive has and the folder, with its slash, where the files lie; the topmost if several.

    Raises `MalformedDataset` for an archive in no known layout.
    """
    members = archive.members()
    present = set(members)
    folders = sorted({_folder(member) for member in members}, key=lambda folder: (folder.count("/"), folder))
    for folder in folders:
        for layout in LAYOUTS:
            if all(folder + file in present for file in layout.files):
                return layout, folder
    wanted = "; ".join(", ".join(layout.files) for layout in LAYOUTS[:2])
    raise MalformedDataset(f"{archive.path.name} holds no MovieLens data set. It would be made of: {wanted}.")


def _folder(member: str) -> str:
    parent = PurePosixPath(member).parent.as_posix()
    return "" if parent == "." else f"{parent}/"


def _read_100k_item(row: list[str], genres: Sequence[str]) -> tuple[int, Item]:
    # id, title, release date, video release date, IMDb address, one flag per genre
    require_fields(row, 5 + len(genres))
    flags = row[5:]
    if any(flag not in {"0", "1"} for flag in flags):
        raise BadRow("a genre flag is neither 0 nor 1")
    return _movie(row[0], row[1], [name for name, flag in zip(genres, flags, strict=True) if flag == "1"])


def _read_1m_item(row: list[str], _genres: Sequence[str]) -> tuple[int, Item]:
    return _movie(row[0], row[1], row[2].split("|"))


def _read_atomic_item(row: list[str], _genres: Sequence[str]) -> tuple[int, Item]:
    # This copy cuts the year off the title into a field of its own, save where "(V)" follows it, and misspells the
    # one title that is not known.
    title = row[1] if row[1] != "unkonwn" else "unknown"
    year = f" ({row[2]})" if row[2].isdigit() else ""
    return _movie(row[0], title + year, row[3].split(" "))


def _movie(id_text: str, published_title: str, genres: Sequence[str]) -> tuple[int, Item]:
    title, year = split_title(published_title)
    if not title:
        raise BadRow("has no title")
    item_id = read_id(id_text, "item")
    named = tuple(dict.fromkeys(genre for genre in genres if genre not in NO_GENRE))
    return item_id, Item(kind=Kind.MOVIE, id=item_id, title=title, year=year, genres=named)


def _read_100k_user(row: list[str]) -> tuple[int, Demographics]:
    user_id, age, gender, occupation, zip_code = row
    return _person(user_id, age, gender, occupation, zip_code)


def _read_1m_user(row: list[str]) -> tuple[int, Demographics]:
    user_id, gender, age, occupation, zip_code = row
    code = read_integer(occupation, "occupation")
    if not 0 <= code < len(OCCUPATIONS):
        raise BadRow(f"occupation {shown(occupation)} is not one of 0 to {len(OCCUPATIONS) - 1}")
    return _person(user_id, age, gender, OCCUPATIONS[code], zip_code)


def _person(id_text: str, age_text: str, gender: str, occupation: str, zip_code: str) -> tuple[int, Demographics]:
    age = read_integer(age_text, "age")
    if not 0 <= age <= MAX_AGE:
        raise BadRow(f"age {shown(age_text)} does not lie between 0 and {MAX_AGE}")
    if gender not in {"M", "F"}:
        raise BadRow(f"gender {shown(gender)} is neither M nor F")
    return read_id(id_text, "user"), Demographics(age, gender, occupation or None, zip_code or None)


ML_100K = Layout(
    items=Table("u.item", "|", None),
    users=Table("u.user", "|", 5),
    ratings=Table("u.data", "\t", 4),
    genres=Table("u.genre", "|", 2),
    read_item=_read_100k_item,
    read_user=_read_100k_user,
)
ML_1M = Layout(
    items=Table("movies.dat", "::", 3),
    users=Table("users.dat", "::", 5),
    ratings=Table("ratings.dat", "::", 4),
    read_item=_read_1m_item,
    read_user=_read_1m_user,
)
#: the copy of MovieLens 100K that the recbole wheel carries
ATOMIC_100K = Layout(
    items=Table(
        "ml-100k.item",
        "\t",
        4,
        "utf-8",
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq",
    ),
    users=Table(
        "ml-100k.user",
        "\t",
        5,
        "utf-8",
        "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token",
    ),
    ratings=Table(
        "ml-100k.inter",
        "\t",
        4,
        "utf-8",
        "user_id:token\titem_id:token\trating:float\ttimestamp:float",
    ),
    read_item=_read_atomic_item,
    read_user=_read_100k_user,
)
LAYOUTS = (ML_100K, ML_1M, ATOMIC_100K)
