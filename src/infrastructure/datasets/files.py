"""Files that appear whole or not at all."""

import os
from pathlib import Path


def put_in_place(finished: Path, target: Path) -> Path:
    """Move a finished file to `target`, on the same file system, so that a crash leaves the old file or the new one."""
    with finished.open("rb") as stream:
        os.fsync(stream.fileno())
    finished.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return target
