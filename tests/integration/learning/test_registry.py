import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from domain.errors import ArtifactDamaged, LibraryMissing, ModelNotFound
from domain.events import History
from domain.model_versions import IndexReport
from infrastructure.learning import artifacts, index_files, model_files, registry
from infrastructure.learning.aliases import ALIASES
from infrastructure.learning.artifacts import LARGEST, VECTORS, VOCABULARY, engine_file
from infrastructure.learning.config import parse_config
from infrastructure.learning.manifest import MANIFEST, FileRecord, Manifest
from infrastructure.learning.registry import FileModelRegistry
from infrastructure.learning.shared_parts import NEIGHBOURS
from infrastructure.retrieval.annoy_index import AnnoyIndex
from infrastructure.retrieval.choosing import IndexWish
from infrastructure.retrieval.indexed_items import IndexedItems
from infrastructure.retrieval.kinds import ANNOY, EXACT, FAISS, is_installed
from tests.unit.learning import worlds

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RECIPE = replace(worlds.QUICK, epochs=1)
CONFIG = worlds.config_of(RECIPE)
WEIGHTS = engine_file("ncf")
INDEX_VECTORS, INDEX = "index_1.safetensors", "index_1.annoy"
#: every file of the model beside its manifest
FILES = (*LARGEST, WEIGHTS, INDEX_VECTORS, INDEX)
needs_faiss = pytest.mark.skipif(not is_installed(FAISS), reason="the extra faiss is not installed")


@pytest.fixture(scope="module")
def world():
    return worlds.world()


@pytest.fixture(scope="module")
def trained(world):
    return worlds.train(world, RECIPE, wish=IndexWish(ANNOY))


@pytest.fixture
def models(tmp_path):
    return FileModelRegistry(tmp_path / "models")


@pytest.fixture
def folder(models, trained, tmp_path):
    """A published version that is current."""
    version = models.publish(trained, CONFIG, "data-1", NOW)
    worlds.serve(models, version.version)
    return tmp_path / "models" / version.version


def refused(models):
    with pytest.raises(ArtifactDamaged) as damaged:
        models.load_champion()
    return damaged.value.message


def test_what_was_published_comes_back(models, trained, folder):
    model = models.load_champion()
    assert model.version == models.find_champion()
    assert model.version.config["seed"] == CONFIG.seed
    assert parse_config(model.version.config, "the manifest") == CONFIG
    assert model.recipes == {"ncf": RECIPE}
    assert model.version.data_fingerprint == "data-1"
    assert model.version.created_at == NOW
    np.testing.assert_array_equal(model.shared.vocabulary.item_ids, trained.shared.vocabulary.item_ids)
    assert model.shared.vocabulary.occupations == trained.shared.vocabulary.occupations
    for name, weights in trained.arrays["ncf"].items():
        np.testing.assert_array_equal(model.arrays["ncf"][name], weights, err_msg=name)
    np.testing.assert_array_equal(model.shared.item_vectors, trained.shared.item_vectors)
    assert model.shared.neighbours.shape == (len(trained.shared.vocabulary), NEIGHBOURS)
    assert not (model.shared.neighbours == np.arange(len(model.shared.neighbours))[:, None]).any()


def test_a_registry_without_a_folder_is_empty(models):
    assert models.find_champion() is None
    assert models.load_champion() is None
    assert models.list_versions() == []


def test_publishing_does_not_serve(models, trained):
    models.publish(trained, CONFIG, "data-1", NOW)
    assert models.find_champion() is None


def test_versions_come_newest_first_and_know_their_parent(models, trained, folder):
    second = models.publish(trained, CONFIG, "data-2", NOW + timedelta(hours=1))
    assert [version.version for version in models.list_versions()] == [second.version, folder.name]
    assert second.parent == folder.name
    assert models.list_versions()[1].parent is None


def test_two_versions_of_one_second_have_two_names(models, trained):
    names = {models.publish(trained, CONFIG, "data-1", NOW).version for _ in range(3)}
    assert len(names) == 3
    assert len(models.list_versions()) == 3


def test_figures_are_added_and_replaced(models, folder):
    models.record_metrics(folder.name, {"ncf.ndcg@10": 0.1, "ncf.hit@10": 0.2})
    version = models.record_metrics(folder.name, {"ncf.ndcg@10": 0.15})
    assert version.metrics == {"ncf.ndcg@10": 0.15, "ncf.hit@10": 0.2}
    assert models.load_champion().version.metrics == version.metrics


def test_a_figure_that_is_not_a_number_is_not_written(models, folder):
    with pytest.raises(ValueError, match="JSON"):
        models.record_metrics(folder.name, {"ncf.ndcg@10": float("nan")})
    assert models.find_champion().metrics == {}


@pytest.mark.parametrize("name", ["nothing", "../models", "", ".", "..", "a/b", ALIASES, ".publishing-1", "x" * 200])
def test_names_that_are_no_versions_are_not_found(models, folder, name):
    acts = (models.load, models.get_version, lambda version: models.record_metrics(version, {}))
    for act in (*acts, lambda version: worlds.serve(models, version)):
        with pytest.raises(ModelNotFound):
            act(name)
    assert models.find_champion().version == folder.name


def test_only_known_models_can_be_published(models):
    class Guess:
        engines = ("guess",)
        epochs = ()

    with pytest.raises(TypeError):
        models.publish(Guess(), CONFIG, "data-1", NOW)


def test_a_failed_publication_leaves_nothing_behind(models, trained, folder, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    before = sorted(folder.parent.iterdir())
    monkeypatch.setattr(registry, "write_durably", full)
    monkeypatch.setattr(model_files, "write_durably", full)
    with pytest.raises(OSError, match="space"):
        models.publish(trained, CONFIG, "data-2", NOW + timedelta(hours=1))
    with pytest.raises(OSError, match="space"):
        worlds.serve(models, folder.name)
    assert sorted(folder.parent.iterdir()) == before
    assert models.find_champion().version == folder.name


def test_files_are_on_disk_before_the_name_that_promises_them(models, trained, monkeypatch):
    """Every file and its folder is flushed before the rename, and the registry's folder after it."""
    order = []
    real_fsync, real_rename = os.fsync, os.rename

    def fsync(descriptor):
        order.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real_fsync(descriptor)

    def rename(source, target, **options):
        order.append("renamed")
        real_rename(source, target, **options)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("open files cannot be named on this system")
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    models.publish(trained, CONFIG, "data-1", NOW)
    moved = order.index("renamed")
    assert {*FILES, MANIFEST} <= set(order[:moved])
    assert order[moved - 1].startswith(".publishing-")
    assert order[-1] == "models"


def test_readers_see_one_version_or_the_other_while_it_changes(models, trained, folder):
    second = models.publish(trained, CONFIG, "data-2", NOW + timedelta(hours=1)).version
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            seen.add(models.find_champion().version)

    reader = threading.Thread(target=read)
    reader.start()
    for name in [second, folder.name] * 20:
        worlds.serve(models, name)
    done.set()
    reader.join()
    assert seen <= {second, folder.name}


# --------------------------------------------------------------------------------------------------- another index


def other_index(trained, kind=EXACT):
    shared = trained.shared
    return IndexedItems.of(shared.vocabulary.item_ids[:40], shared.item_vectors[:40], IndexWish(kind), 0, placed=2)


def test_the_manifest_tells_which_index_was_chosen_and_what_it_finds(models, folder):
    index = models.find_champion().index
    assert (index.generation, index.kind, index.items, index.placed) == (1, ANNOY, 80, 0)
    assert index.recall == 1.0
    assert index.built_at == NOW


def test_a_version_is_given_another_index_and_keeps_all_the_rest(models, trained, folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    later = NOW + timedelta(hours=1)
    version = models.publish_index(folder.name, other_index(trained), later)
    model = models.load_champion()
    assert model.version == version == models.find_champion()
    assert version.index == IndexReport(generation=2, kind=EXACT, recall=1.0, items=40, placed=2, built_at=later)
    assert len(model.shared.indexed) == 40
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    del before[MANIFEST], after[MANIFEST]
    assert before.items() <= after.items(), "what is being read must not change"
    assert after.keys() - before.keys() == {"index_2.safetensors"}


@needs_faiss
def test_an_index_of_every_kind_comes_back(models, trained, folder):
    queries = trained.shared.item_vectors[:10]
    answers = []
    for kind in (FAISS, EXACT, ANNOY):
        models.publish_index(folder.name, other_index(trained, kind), NOW)
        indexed = models.load_champion().shared.indexed
        assert (indexed.chosen.kind, indexed.placed) == (kind, 2)
        answers.append(indexed.neighbours(queries, 5)[1])
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-5)
    np.testing.assert_allclose(answers[2], answers[1], atol=1e-3)


def test_only_the_last_two_indexes_are_kept(models, trained, folder):
    for _ in range(3):
        models.publish_index(folder.name, other_index(trained), NOW)
    assert sorted(path.name for path in folder.glob("index*")) == ["index_3.safetensors", "index_4.safetensors"]


def test_an_index_that_could_not_be_written_changes_nothing(models, trained, folder, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    before = models.find_champion()
    monkeypatch.setattr(index_files, "write_durably", full)
    with pytest.raises(OSError, match="space"):
        models.publish_index(folder.name, other_index(trained), NOW)
    assert models.load_champion().version == before


def test_a_new_index_mends_one_that_was_damaged(models, trained, folder):
    (folder / INDEX).write_bytes(b"scratched")
    assert INDEX in refused(models)
    vocabulary, vectors = models.item_vectors(folder.name)
    np.testing.assert_array_equal(vocabulary.item_ids, trained.shared.vocabulary.item_ids)
    np.testing.assert_array_equal(vectors, trained.shared.item_vectors)
    models.publish_index(folder.name, other_index(trained), NOW)
    assert models.load_champion().version.index.generation == 2


def test_changes_of_one_manifest_at_once_are_all_kept(models, trained, folder):
    figures = [{f"ncf.figure@{i}": i / 10} for i in range(1, 11)]
    changes = [threading.Thread(target=models.record_metrics, args=(folder.name, figure)) for figure in figures]
    changes += [
        threading.Thread(target=models.publish_index, args=(folder.name, other_index(trained), NOW)) for _ in range(5)
    ]
    for change in changes:
        change.start()
    for change in changes:
        change.join()
    version = models.load_champion().version
    assert len(version.metrics) == 10
    assert version.index.generation == 6


def test_without_its_library_an_index_is_scanned_instead(models, trained, folder, monkeypatch, caplog):
    class NotHere:
        @staticmethod
        def open(*args):
            raise LibraryMissing("The index kind faiss", "faiss")

    expected = models.load_champion().shared.indexed.neighbours(trained.shared.item_vectors[:5], 10)[1]
    monkeypatch.setitem(index_files.APPROXIMATE, ANNOY, NotHere)
    found = models.load_champion().shared.indexed.neighbours(trained.shared.item_vectors[:5], 10)[1]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert "marquee[faiss]" in caplog.text


# -------------------------------------------------------------------------------------------------------- damage


def mutations(content, random):
    """Bits turned over, ends cut off, bytes added, the whole thing exchanged."""
    for place in random.integers(0, len(content), 25).tolist():
        changed = bytearray(content)
        changed[place] ^= 1 << int(random.integers(0, 8))
        yield bytes(changed)
    for size in {0, 1, 8, len(content) // 2, len(content) - 1}:
        yield content[:size]
    yield content + b"\0"
    yield content * 2
    yield bytes(len(content))
    yield random.bytes(len(content))


@pytest.mark.parametrize("name", FILES)
def test_any_change_of_a_file_is_found_before_a_library_opens_it(models, folder, name, monkeypatch):
    def opened(*args):
        raise AssertionError("a library was given an unverified file")

    monkeypatch.setattr(model_files, "load_tensors", opened)
    monkeypatch.setattr(artifacts, "_vocabulary_of", opened)
    monkeypatch.setitem(index_files.APPROXIMATE, ANNOY, opened)
    good = (folder / name).read_bytes()
    for content in mutations(good, np.random.default_rng(0)):
        (folder / name).write_bytes(content)
        message = refused(models)
        assert name in message


def test_any_change_of_the_manifest_is_found(models, folder):
    good = (folder / MANIFEST).read_bytes()
    parsed = json.loads(good)
    count = 0
    for content in mutations(good, np.random.default_rng(1)):
        try:
            if json.loads(content) == parsed:
                continue  # a change of white space is none
        except ValueError:
            pass
        (folder / MANIFEST).write_bytes(content)
        assert MANIFEST in refused(models)
        count += 1
    assert count > 20


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_missing_file_is_named(models, folder, name):
    (folder / name).unlink()
    assert name in refused(models)


@pytest.mark.parametrize("name", FILES)
def test_a_link_in_place_of_a_file_is_refused(models, folder, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    (folder / name).rename(elsewhere)
    (folder / name).symlink_to(elsewhere)
    assert name in refused(models)


def signed(folder, change):
    """Rewrite the manifest with a correct digest, as somebody would who means harm."""
    manifest = Manifest.read(folder)
    (folder / MANIFEST).write_bytes(change(manifest).encoded())


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/passwd", "a/b.c", "..", "", "weights.safetensors/../x.y"])
def test_a_manifest_cannot_lead_out_of_its_folder(models, folder, path):
    signed(folder, lambda m: replace(m, files={**m.files, path: FileRecord(1, "0" * 64)}))
    assert MANIFEST in refused(models)


def test_a_manifest_must_name_exactly_the_files_of_a_model(models, folder):
    signed(folder, lambda m: replace(m, files={**m.files, "extra.bin": FileRecord(1, "0" * 64)}))
    assert "other files" in refused(models)


def test_the_manifest_of_another_version_is_refused(models, trained, folder):
    other = models.publish(trained, CONFIG, "data-2", NOW + timedelta(hours=1))
    (folder / MANIFEST).write_bytes((folder.parent / other.version / MANIFEST).read_bytes())
    assert MANIFEST in refused(models)
    assert [version.version for version in models.list_versions()] == [other.version]


def test_files_larger_than_any_model_are_refused_unread(models, folder, monkeypatch):
    monkeypatch.setattr(artifacts, "LARGEST_ENGINE", 100)
    assert WEIGHTS in refused(models)
    (folder / MANIFEST).write_bytes(b" " * ((1 << 20) + 1))
    assert "too large" in refused(models)


@pytest.mark.parametrize("depth", [100, 100_000])
def test_a_deeply_nested_manifest_is_refused(models, folder, depth):
    (folder / MANIFEST).write_bytes(b"[" * depth + b"]" * depth)
    assert MANIFEST in refused(models)


def foreign(folder, name, content):
    """Put in a file that is not ours and have the manifest vouch for it."""
    (folder / name).write_bytes(content)
    signed(folder, lambda m: replace(m, files={**m.files, name: FileRecord.of(folder / name)}))


@pytest.mark.parametrize("content", [b"", b"\x80\x04N.", b"PK\x03\x04", b"{}", b"[]", b"null", b"\xff" * 64])
@pytest.mark.parametrize("name", FILES)
def test_foreign_files_are_refused_even_when_the_manifest_vouches_for_them(models, folder, name, content):
    foreign(folder, name, content)
    assert name in refused(models)


def changed_arrays(folder, name, change):
    arrays = load((folder / name).read_bytes())
    foreign(folder, name, save(change(arrays)))


@pytest.mark.parametrize("key", ["user_tower.0.weight", "item_tower.4.running_var", "head.2.bias", "embedding"])
def test_weights_that_do_not_fit_the_vocabulary_are_refused(models, folder, key):
    changed_arrays(folder, WEIGHTS, lambda arrays: {**arrays, key: arrays[key][:1]})
    assert WEIGHTS in refused(models)


@pytest.mark.parametrize("key", ["item_vectors", "neighbours", "group_lifts"])
def test_vectors_that_do_not_fit_are_refused(models, folder, key):
    changed_arrays(folder, VECTORS, lambda arrays: {name: a for name, a in arrays.items() if name != key})
    assert VECTORS in refused(models)


def test_numbers_that_are_not_finite_are_refused(models, folder):
    changed_arrays(folder, WEIGHTS, lambda arrays: {**arrays, "head.4.bias": np.array([np.nan], dtype=np.float32)})
    assert "finite" in refused(models)


def test_neighbours_that_do_not_exist_are_refused(models, folder):
    changed_arrays(folder, VECTORS, lambda arrays: {**arrays, "neighbours": arrays["neighbours"] + 1000})
    assert "neighbours" in refused(models)


def test_an_index_that_does_not_fit_its_vectors_is_refused(models, folder):
    changed_arrays(folder, INDEX_VECTORS, lambda arrays: {**arrays, "ids": arrays["ids"][:-1]})
    assert INDEX_VECTORS in refused(models)
    changed_arrays(folder, INDEX_VECTORS, lambda arrays: {"ids": arrays["ids"], "vectors": arrays["vectors"][0]})
    assert INDEX_VECTORS in refused(models)


def test_an_index_whose_ids_are_out_of_order_is_refused(models, folder):
    changed_arrays(folder, INDEX_VECTORS, lambda arrays: {**arrays, "ids": arrays["ids"][::-1].copy()})
    assert "ascending" in refused(models)


def test_an_index_of_no_known_kind_is_refused(models, folder):
    def guessed(manifest):
        index = replace(manifest.version.index, kind="guess")
        files = {**manifest.files, "index_1.guess": manifest.files[INDEX]}
        del files[INDEX]
        return replace(manifest, version=replace(manifest.version, index=index), files=files)

    (folder / INDEX).rename(folder / "index_1.guess")
    signed(folder, guessed)
    assert "'guess'" in refused(models)


def test_a_manifest_without_an_index_is_refused(models, folder):
    signed(folder, lambda m: replace(m, version=replace(m.version, index=None)))
    assert "names no index" in refused(models)


def test_item_ids_out_of_order_are_refused(models, folder):
    fields = json.loads((folder / VOCABULARY).read_bytes())
    fields["item_ids"].reverse()
    foreign(folder, VOCABULARY, json.dumps(fields).encode())
    assert VOCABULARY in refused(models)


def test_an_index_of_other_vectors_is_refused(models, folder, trained, tmp_path):
    AnnoyIndex.build(trained.shared.item_vectors[:5], seed=0).save(tmp_path / INDEX)
    foreign(folder, INDEX, (tmp_path / INDEX).read_bytes())
    assert INDEX in refused(models)


def fields(**changed):
    whole = {"generation": 1, "champion": None, "challenger": None, "former": []}
    return json.dumps({**whole, **changed}).encode()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"nothing", b"[]", b"null", b"\xff\xfe", b"{}" + b" " * 20_000, b"[" * 9_000),
        *(fields(champion=name) for name in ("nothing", "../models", "/etc", 7, "", ".publishing-1")),
        *(fields(former=former) for former in ("nothing", [None], ["../models"], ["nothing"] * 6)),
        *(fields(generation=generation) for generation in (-1, True, "1", None)),
    ],
)
def test_damaged_aliases_are_damage_and_not_an_empty_registry(models, folder, content):
    (folder.parent / ALIASES).write_bytes(content)
    assert ALIASES in refused(models)
    with pytest.raises(ArtifactDamaged):
        models.find_champion()
    (folder.parent / ALIASES).unlink()
    worlds.serve(models, folder.name)
    assert models.find_champion().version == folder.name


# ------------------------------------------------------------------------------------------------------ torch-free

SERVE = """
import sys
from pathlib import Path
from domain.events import History
from domain.model_versions import IndexReport
from domain.items import ItemFilter
from domain.recommendation import Context, UserState
from infrastructure.learning.lineup import build_lineup
from infrastructure.learning.registry import FileModelRegistry
from tests.unit.learning import worlds

lineup = build_lineup(worlds.catalogue(80), FileModelRegistry(Path(sys.argv[1])).load_champion())
state = UserState(1, History.of([10, 20], [5.0, 4.0]))
context = Context.of(lineup.catalogue, state, ItemFilter(), 4.0)
ranking = lineup.pipelines["ncf"](context, 10)
assert not ranking.fallback_used and len(ranking.positions) == 10, ranking
assert "torch" not in sys.modules, "serving imported torch"
"""


def test_serving_never_imports_torch(folder):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-c", SERVE, str(folder.parent)],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr


def test_a_loaded_model_ranks_as_before(world, models, folder):
    from infrastructure.learning.lineup import build_lineup
    from tests.unit.learning.serving import context_of

    lineup = build_lineup(world.training.catalogue, models.load_champion())
    context = context_of(world.training.catalogue, History.of([10, 20, 30], [5, 5, 5]))
    first = lineup.pipelines["ncf"](context, 5)
    again = build_lineup(world.training.catalogue, models.load(folder.name)).pipelines["ncf"](context, 5)
    assert first.positions.tolist() == again.positions.tolist()
    assert first.generators.keys() == {"collaborative", "content", "popularity"}
