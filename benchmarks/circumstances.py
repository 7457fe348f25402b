"""What a figure depends on besides the code: the machine's size, the interpreter and the libraries."""

import os
import platform
from importlib.metadata import version

LIBRARIES = ("marquee", "numpy", "torch", "annoy", "fastapi", "uvicorn", "sqlalchemy")


def circumstances() -> str:
    """One line for below a table."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"Python {platform.python_version()} on {platform.system()}, {cores} cores; {libraries}"
