"""The linter that keeps the layers apart: it passes our sources, and it would catch what it is there for."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    return subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_our_sources_keep_the_layers(copy):
    found = lint(copy)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("module", "planted"),
    [
        ("domain/items.py", "import torch"),
        ("application/rating.py", "import sqlalchemy"),
        ("domain/items.py", "import application.rating"),
        ("presentation/cli/app.py", "import main.container"),
    ],
)
def test_a_planted_import_is_caught(copy, module, planted):
    file = copy / "src" / module
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{planted}\n", encoding="utf-8")
    found = lint(copy)
    assert found.returncode == 1, found.stdout + found.stderr
    assert "BROKEN" in found.stdout


def test_no_source_unpickles_anything():
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in [*ROOT.glob("src/**/*.py"), *ROOT.glob("benchmarks/**/*.py")]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"(import|from) (pickle|dill|joblib|shelve)\b|torch\.load\(|allow_pickle=True|yaml\.load\(", line)
    ]
    assert found == []
