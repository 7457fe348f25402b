import struct

import pytest

from domain.errors import DatasetUnavailable, MalformedDataset
from infrastructure.datasets.archive import FolderArchive, ZipArchive, open_archive
from tests.integration.datasets.samples import write_zip

FILES = {"data/a.txt": b"one\ntwo\n", "data/b.txt": b"three"}


@pytest.fixture
def zip_path(tmp_path):
    return write_zip(tmp_path / "sample.zip", FILES)


@pytest.fixture
def folder(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "sample" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "sample"


def test_a_zip_and_a_folder_read_alike(zip_path, folder):
    in_zip, in_folder = open_archive(zip_path), open_archive(folder)
    assert (type(in_zip), type(in_folder)) == (ZipArchive, FolderArchive)
    for archive in (in_zip, in_folder):
        assert list(archive.members()) == sorted(FILES)
        assert list(archive.lines("data/a.txt")) == [b"one\n", b"two\n"]
    assert in_zip.digest(sorted(FILES)) == in_folder.digest(sorted(FILES))


def test_the_digest_tells_contents_and_their_borders_apart(tmp_path):
    digests = {
        open_archive(write_zip(tmp_path / f"{number}.zip", files)).digest(sorted(files))
        for number, files in enumerate(
            [
                {"a": b"12", "b": b"3"},
                {"a": b"1", "b": b"23"},
                {"a": b"12", "c": b"3"},
                {"x/a": b"12", "x/b": b"3"},  # the same as the first, in a folder
            ]
        )
    }
    assert len(digests) == 3


def test_where_there_is_nothing_is_said(tmp_path):
    with pytest.raises(DatasetUnavailable, match="no zip and no folder"):
        open_archive(tmp_path / "missing.zip")


def test_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_read(tmp_path):
    bomb = write_zip(tmp_path / "bomb.zip", {"zeros": bytes(2_000_000)})
    assert bomb.stat().st_size < 10_000
    with pytest.raises(MalformedDataset, match=r"bomb\.zip unpacks to more than 1,000,000 bytes"):
        ZipArchive(bomb, max_unpacked=1_000_000).members()


def test_a_zip_that_declares_less_than_it_holds_is_refused(tmp_path):
    path = write_zip(tmp_path / "liar.zip", {"zeros": bytes(2_000_000)})
    honest = struct.pack("<I", 2_000_000)
    assert path.read_bytes().count(honest) == 2
    path.write_bytes(path.read_bytes().replace(honest, struct.pack("<I", 10)))
    archive = ZipArchive(path, max_unpacked=1_000_000)
    archive.members()
    with pytest.raises(MalformedDataset, match="CRC"):
        list(archive.lines("zeros"))


def test_a_bundle_of_too_many_files_is_refused(tmp_path, folder):
    crowd = write_zip(tmp_path / "crowd.zip", {f"{number}": b"" for number in range(11)})
    with pytest.raises(MalformedDataset, match="more than 10 files"):
        ZipArchive(crowd, max_members=10).members()
    with pytest.raises(MalformedDataset, match="more than 1 files"):
        FolderArchive(folder, max_members=1).members()


@pytest.mark.parametrize("name", ["../escape", "a/../../escape", "/etc/escape", "..\\escape", "C:/escape"])
def test_a_zip_whose_names_leave_their_folder_is_refused(tmp_path, name):
    path = write_zip(tmp_path / "odd.zip", {"ratings.dat": b"", name: b""})
    with pytest.raises(MalformedDataset, match="points outside"):
        ZipArchive(path).members()


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty"])
def test_a_damaged_zip_is_a_malformed_data_set(tmp_path, damage):
    noise = bytes(number * 7 % 251 for number in range(5_000))
    content = write_zip(tmp_path / "whole.zip", {"a": noise}).read_bytes()
    middle = len(content) // 2
    damaged = {
        "cut": content[:middle],
        "flipped": content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :],
        "text": b"<html>not found</html>",
        "empty": b"",
    }[damage]
    path = tmp_path / "damaged.zip"
    path.write_bytes(damaged)
    with pytest.raises(MalformedDataset, match=r"damaged\.zip is not a zip that can be read"):
        [list(ZipArchive(path).lines(member)) for member in ZipArchive(path).members()]


def test_an_encrypted_zip_is_a_malformed_data_set(tmp_path):
    path = write_zip(tmp_path / "locked.zip", {"a": b"secret"})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)
    with pytest.raises(MalformedDataset, match="encrypted"):
        list(ZipArchive(path).lines("a"))
