"""The file that says which version serves: small, replaced in one step, and changed by compare-and-swap."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from domain.errors import AliasMoved, ArtifactDamaged
from domain.model_versions import MOST_FORMER, Aliases
from infrastructure.learning.manifest import VERSION_NAME
from infrastructure.learning.model_files import alone_in, replace_durably

ALIASES = "aliases.json"
LARGEST_ALIASES = 1 << 14


def read_aliases(root: Path) -> Aliases:
    """The aliases of a registry; none yet where there is no file. Raises `ArtifactDamaged`."""
    try:
        with (root / ALIASES).open("rb") as file:
            content = file.read(LARGEST_ALIASES + 1)
        if len(content) > LARGEST_ALIASES:
            raise ValueError("it is too large")
        return _of_fields(json.loads(content))
    except FileNotFoundError:
        return Aliases()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as problem:
        raise ArtifactDamaged(f"{ALIASES} cannot be used: {problem}.") from problem


def move_aliases(root: Path, seen: int, moved: Aliases, check: Callable[[str], object]) -> None:
    """Replace the aliases if they are still of generation `seen`. Raises `AliasMoved`, and whatever `check` raises.

    `check` is called for every version that is named anew, while nobody else can change the registry.
    """
    with alone_in(root):
        present = read_aliases(root)
        if present.generation != seen:
            raise AliasMoved(present.generation, seen)
        for version in sorted(moved.named - present.named):
            check(version)
        replace_durably(root / ALIASES, json.dumps(asdict(moved), indent=1).encode())


def _of_fields(fields: dict[str, Any]) -> Aliases:
    generation, former = fields["generation"], fields["former"]
    if not isinstance(generation, int) or isinstance(generation, bool) or generation < 0:
        raise ValueError("the generation is no number")
    if not isinstance(former, list) or len(former) > MOST_FORMER or None in former:
        raise ValueError("the former champions are no list of at most so many")
    names = [fields["champion"], fields["challenger"], *former]
    if not all(name is None or (isinstance(name, str) and VERSION_NAME.fullmatch(name)) for name in names):
        raise ValueError("a name is none of a version")
    return Aliases(generation, fields["champion"], fields["challenger"], tuple(former))
