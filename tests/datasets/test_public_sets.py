"""Readers of public data sets: exact counts on the real files, layouts on small ones made here."""

import gzip
import os
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from perceptgraph.datasets.archive import member_names, read_member
from perceptgraph.datasets.catalog import DataFile, MissingData, locate
from perceptgraph.datasets.image_set import Collection
from perceptgraph.datasets.mnist import IMAGES_MAGIC, open_mnist, read_idx
from perceptgraph.datasets.omniglot import open_omniglot
from perceptgraph.datasets.scenes import CLASSES, OUTDOOR, open_ot8, open_scene15
from perceptgraph.datasets.splits import held_out
from perceptgraph.stores.status import BadImage

real = pytest.mark.skipif(
    "PERCEPTGRAPH_DATA" not in os.environ, reason="PERCEPTGRAPH_DATA is not set"
)


def splits_of(collection: Collection) -> dict[int, int]:
    return dict(Counter(collection.identify(i)[2] for i in range(len(collection))))


@pytest.mark.data
@real
def test_mnist_is_the_official_one() -> None:
    digits = open_mnist(val_from=50_000)

    assert splits_of(digits) == {0: 50_000, 1: 10_000, 2: 10_000}
    assert [digits.identify(i)[1] for i in range(5)] == [5, 0, 4, 1, 9]
    test = Counter(digits.identify(i)[1] for i in range(60_000, 70_000))
    assert [test[d] for d in range(10)] == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    mean = np.mean([digits.read(i).pixels.mean() for i in range(60_000)])
    assert mean / 255 == pytest.approx(0.1307, abs=5e-5)


@pytest.mark.data
@real
def test_scenes_have_a_hundred_training_images_a_class() -> None:
    fifteen, eight = open_scene15(val_per_class=20), open_ot8(val_per_class=20)

    assert splits_of(fifteen) == {0: 1200, 1: 300, 2: 2985}
    assert splits_of(eight) == {0: 640, 1: 160, 2: 1888}
    assert eight.class_names == OUTDOOR
    assert len(OUTDOOR) == 8
    assert {eight.read(i).pixels.shape for i in range(0, len(eight), 97)} == {(256, 256)}


@pytest.mark.data
@real
def test_omniglot_has_twenty_runs_of_twenty_ways() -> None:
    characters = open_omniglot(val_share=0.1)

    assert len(characters.class_names) == 964
    assert splits_of(characters) == {0: 17_352, 1: 1_928, 2: 800}
    episodes = Counter(d.episode[:2] for d in characters.drawings if d.episode[0] >= 0)
    assert set(episodes.values()) == {20}
    assert len(episodes) == 40
    for run in range(20):
        classes = {d.episode[2] for d in characters.drawings if d.episode[:2] == (run, 1)}
        assert classes == set(range(20))


@pytest.mark.data
@real
def test_bsds_has_boundaries_of_the_size_of_the_image() -> None:
    from perceptgraph.datasets.bsds500 import open_bsds500

    images = open_bsds500()

    assert splits_of(images) == {0: 200, 1: 100, 2: 200}
    for i in range(0, 500, 83):
        sample = images.read(i)
        height, width, channels = sample.pixels.shape
        people = sample.extras["truth/boundary"].reshape(-1, height, width)
        assert channels == 3
        assert 4 <= len(people) <= 9
        assert 0 < people.mean() < 0.1


def png(value: int) -> bytes:
    return cv2.imencode(".jpg", np.full((20, 30), value, np.uint8))[1].tobytes()


def official_scenes(folder: Path, per_class: int) -> None:
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "scene_categories.zip", "w") as archive:
        for label, name in enumerate(CLASSES.values()):
            for i in range(per_class):
                content = png(label) if i else b"\xff\xd8 cut off"
                archive.writestr(f"scene_categories/{name}/image_{i + 1:04d}.jpg", content)


def test_official_scene_archive_is_split_by_the_rank_of_its_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    official_scenes(tmp_path / "scene15", 105)
    monkeypatch.setenv("PERCEPTGRAPH_DATA", str(tmp_path))

    scenes = open_scene15(val_per_class=20)

    assert splits_of(scenes) == {0: 15 * 80, 1: 15 * 20, 2: 15 * 5}
    assert scenes.read(1).pixels.shape == (20, 30)
    assert scenes.identify(1) == open_scene15(val_per_class=20).identify(1)
    with pytest.raises(BadImage, match=r"image_0001\.jpg: cannot be decoded"):
        scenes.read(0)


def test_a_scene_archive_without_a_class_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scene15").mkdir()
    with zipfile.ZipFile(tmp_path / "scene15/scene_categories.zip", "w") as archive:
        archive.writestr("scene_categories/bedroom/image_0001.jpg", png(1))
    monkeypatch.setenv("PERCEPTGRAPH_DATA", str(tmp_path))

    with pytest.raises(MissingData, match="found none of Coast, Forest"):
        open_scene15(val_per_class=0)


def test_a_file_with_another_content_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.bin").write_bytes(b"other")
    monkeypatch.setenv("PERCEPTGRAPH_DATA", str(tmp_path))

    with pytest.raises(MissingData, match="expected sha256 0000"):
        locate(DataFile("x.bin", "https://example.org/x.bin", "0" * 64))


def test_a_missing_file_says_where_it_was_looked_for_and_how_to_supply_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERCEPTGRAPH_DATA", str(tmp_path))

    def no_network(*args: Any, **kwargs: Any) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr("pooch.retrieve", no_network)

    with pytest.raises(MissingData) as caught:
        locate(DataFile("set/x.bin", "https://example.org/x.bin", "0" * 64))

    for part in ("set/x.bin", "https://example.org/x.bin", "0" * 64, str(tmp_path), "no route"):
        assert part in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"\0\0\x08\x03" * 4)])
def test_a_damaged_idx_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(content)

    with pytest.raises(MissingData, match=r"images\.gz: expected"):
        read_idx(path, IMAGES_MAGIC)


def test_held_out_images_do_not_change_when_others_come() -> None:
    ids = [f"image-{i}" for i in range(30)]
    labels = [i % 3 for i in range(30)]

    few, all_of_them = held_out(ids[:15], labels[:15], 2), held_out(ids, labels, 0.3)

    assert few.sum() == 6
    assert all_of_them.sum() == 9
    assert held_out(ids[::-1], labels[::-1], 0.3)[::-1].tolist() == all_of_them.tolist()
    with pytest.raises(ValueError, match="cannot hold out 10 of 10"):
        held_out(ids, labels, 10)


def test_an_archive_that_is_no_zip_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "scenes.zip"
    path.write_bytes(b"an error page of a server")

    with pytest.raises(MissingData, match=r"scenes\.zip: expected a zip file"):
        member_names(path)


def test_a_member_whose_stream_is_damaged_is_a_bad_image(tmp_path: Path) -> None:
    path = tmp_path / "images.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(range(256)) * 40)
    damaged = bytearray(path.read_bytes())
    damaged[35:60] = b"\xff" * 25
    path.write_bytes(bytes(damaged))

    with pytest.raises(BadImage, match=r"a\.png: cannot be read"):
        read_member(path, "a.png")
