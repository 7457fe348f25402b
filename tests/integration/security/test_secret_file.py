import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.errors import InvalidConfig
from infrastructure.security.secrets import SecretFile


def test_the_signing_secret_is_made_once(tmp_path: Path):
    file = SecretFile(tmp_path / "home" / "secret")
    secret = file.read()
    assert len(secret) >= 43 and file.read() == secret
    assert [entry.name for entry in (tmp_path / "home").iterdir()] == ["secret"]


def test_only_the_owner_can_read_the_signing_secret(tmp_path: Path):
    SecretFile(tmp_path / "secret").read()
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path: Path):
    files = [SecretFile(tmp_path / "secret") for _ in range(32)]
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(SecretFile.read, files))) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_the_process_that_comes_second_takes_the_secret_of_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = SecretFile(tmp_path / "secret").read()
    real, answers = Path.exists, iter([False])
    monkeypatch.setattr(Path, "exists", lambda path: next(answers, None) if path.name == "secret" else real(path))
    assert SecretFile(tmp_path / "secret").read() == first


@pytest.mark.parametrize("content", ["", "short", "x" * 31])
def test_a_short_secret_is_refused(tmp_path: Path, content: str):
    path = tmp_path / "secret"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(InvalidConfig, match="too short"):
        SecretFile(path).read()


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path):
    path = tmp_path / "secret"
    SecretFile(path).read()
    path.chmod(0o644)
    with pytest.raises(InvalidConfig, match="Others may read"):
        SecretFile(path).read()
