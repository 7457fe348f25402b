"""Tiny data sets in the layouts of MovieLens, and an archive that holds them in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

GENRES = ("unknown", "Action", "Comedy", "Drama")

ML_100K = {
    "u.genre": "".join(f"{name}|{id_}\n" for id_, name in enumerate(GENRES)) + "\n",
    "u.item": (
        "1|Toy Story (1995)|01-Jan-1995||http://example.com/1|0|0|1|0\n"
        "11|Seven (Se7en) (1995)|01-Jan-1995||http://example.com/11|0|1|0|1\n"
        "267|unknown||||1|0|0|0\n"
        "543|Misérables, Les (1995)|01-Jan-1995||http://example.com/543|0|0|0|1\n"
    ),
    "u.user": "1|24|M|technician|85711\n2|53|F|other|94043\n",
    "u.data": "1\t11\t3\t881250949\n2\t1\t5\t891717742\n1\t543\t4\t881250949\n",
}
ML_1M = {
    "movies.dat": (
        "1::Toy Story (1995)::Animation|Children's|Comedy\n"
        "29::City of Lost Children, The (Cité des enfants perdus, La) (1995)::Adventure|Sci-Fi\n"
        "318::Shawshank Redemption, The (1994)::Drama\n"
    ),
    "users.dat": "1::F::1::10::48067\n5::M::25::20::55455\n",
    "ratings.dat": "1::318::5::978300760\n1::29::3::978302109\n5::1::4::978300760\n5::318::2::978300761\n",
}
ATOMIC = {
    "ml-100k.item": (
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "1\tToy Story\t1995\tAnimation Children's Comedy\n"
        "267\tunkonwn\tunkonwn\tunknown\n"
        "543\tMisérables, Les\t1995\tDrama Musical\n"
        "1412\tLand Before Time III: The Time of the Great Giving (1995)\tV\tAnimation Children's\n"
    ),
    "ml-100k.user": (
        "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n1\t24\tM\twriter\t85711\n"
    ),
    "ml-100k.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t543\t4\t881250949\n",
}


def encoded(files: Mapping[str, str], encoding: str = "latin-1") -> dict[str, bytes]:
    return {name: text.encode(encoding) for name, text in files.items()}


@dataclass(frozen=True)
class FakeArchive:
    files: Mapping[str, bytes]
    path: Path = Path("sample.zip")

    def members(self) -> Sequence[str]:
        return list(self.files)

    def lines(self, member: str) -> Iterator[bytes]:
        yield from self.files[member].splitlines(keepends=True)

    def digest(self, members: Sequence[str]) -> str:
        return sha256(b"".join(self.files[member] for member in members)).hexdigest()


class FakeProgress:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.tracked: list[tuple[str, int | None]] = []
        self.passed = 0

    def track(self, entries, label, total=None):
        self.tracked.append((label, total))
        for entry in entries:
            self.passed += 1
            yield entry

    def say(self, message: str) -> None:
        self.lines.append(message)
