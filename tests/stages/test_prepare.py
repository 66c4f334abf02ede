"""Stage prepare: every image is in the store, used or not, in one type of pixels."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from perceptgraph.datasets.image_set import image_set, open_images
from perceptgraph.stages.params import ParamsError
from perceptgraph.stages.prepare import OUT, Params, run
from perceptgraph.stores.mapper import TaskFailure, serial

FOLDER: dict[str, Any] = {"val_share": 0.2, "test_share": 0.2}


def folder_of_three_types(tmp_path: Path) -> Path:
    pictures = tmp_path / "pictures"
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8)
    for name, pixels in {
        "a/1.png": grey,
        "a/2.png": grey.astype(np.uint16) * 257,
        "b/3.tiff": grey.astype(np.float32) / 255,
    }.items():
        (pictures / name).parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(pictures / name), pixels)
    return pictures


def prepared(root: Path, folder: Path, part_images: int, **keywords: Any) -> Path:
    datasets = {"folder": FOLDER | {"path": str(folder)}}
    params = Params(part_images=part_images, max_bad_share=0.1, datasets=datasets)
    run(params, root / "folder", keywords.get("mapper", serial))
    return root / "folder" / OUT


def test_store_is_as_wide_as_its_widest_image(tmp_path: Path) -> None:
    path = prepared(tmp_path, folder_of_three_types(tmp_path), part_images=2)

    images = image_set(open_images(path).block())
    assert images.pixels.dtype == np.float32
    for i in range(3):
        np.testing.assert_allclose(images.image(i).ravel(), np.arange(48) / 255, atol=1e-7)


def test_store_does_not_depend_on_its_parts(tmp_path: Path) -> None:
    pictures = folder_of_three_types(tmp_path)
    digests = [
        open_images(prepared(tmp_path / str(n), pictures, part_images=n)).digest for n in (1, 2, 3)
    ]

    assert len(set(digests)) == 1


def test_parts_are_removed_at_the_end(tmp_path: Path) -> None:
    path = prepared(tmp_path, folder_of_three_types(tmp_path), part_images=2)

    assert [p.name for p in path.parent.iterdir()] == [OUT]


def test_bad_images_are_named_and_counted(tmp_path: Path) -> None:
    pictures = folder_of_three_types(tmp_path)
    (pictures / "a" / "empty.png").touch()
    params = Params(
        part_images=2, max_bad_share=0.1, datasets={"folder": FOLDER | {"path": str(pictures)}}
    )

    outcome = run(params, tmp_path / "folder", serial)

    assert outcome.bad == (("a/empty.png", "the file is empty"),)
    assert outcome.too_many_bad
    assert outcome.work == {"images": 3, "pixels": 3 * 48}


def test_an_image_that_kills_its_reader_is_quarantined(tmp_path: Path) -> None:
    def deadly(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        return [
            TaskFailure("killed by signal 9") if start <= 1 < stop else function((start, stop))
            for start, stop in items
        ]

    path = prepared(tmp_path, folder_of_three_types(tmp_path), part_images=3, mapper=deadly)

    images = image_set(open_images(path).block())
    assert images.ok.tolist() == [True, False, True]
    assert images.reason[1] == "killed by signal 9"


def test_drawings_keep_their_truth_and_attributes(tmp_path: Path) -> None:
    from perceptgraph.datasets.shapes import open_shapes

    shapes = open_shapes(train_per_class=1, val_per_class=0, test_per_class=0)
    keywords = {k: v for k, v in _keywords(open_shapes).items() if not k.endswith("_per_class")}
    sizes = {"train_per_class": 1, "val_per_class": 0, "test_per_class": 0}
    params = Params(part_images=5, max_bad_share=0.0, datasets={"shapes": keywords | sizes})

    run(params, tmp_path / "shapes", serial)

    store = open_images(tmp_path / "shapes" / OUT)
    assert store.attributes["class_names"] == list(shapes.class_names)
    assert store.attributes["params"]["seed"] == 0
    record = store.record(7)
    np.testing.assert_array_equal(record["truth/segment"], shapes.read(7).extras["truth/segment"])


def _keywords(opener: Callable[..., Any]) -> dict[str, Any]:
    return dict(opener.__kwdefaults__)


def test_a_misspelt_data_set_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(ValidationError, match="did you mean 'shapes'"):
        Params(part_images=1, max_bad_share=0, datasets={"shape": {}})


def test_a_missing_keyword_is_named(tmp_path: Path) -> None:
    params = Params(part_images=1, max_bad_share=0, datasets={"folder": FOLDER})

    with pytest.raises(ParamsError, match=r"prepare\.datasets\.folder: missing path"):
        run(params, tmp_path / "folder", serial)


def test_an_image_that_came_since_is_seen_by_the_same_process(tmp_path: Path) -> None:
    pictures = folder_of_three_types(tmp_path)
    before = len(open_images(prepared(tmp_path, pictures, part_images=2)))
    assert cv2.imwrite(str(pictures / "a" / "0.png"), np.zeros((6, 8), np.uint8))

    images = image_set(open_images(prepared(tmp_path, pictures, part_images=2)).block())

    assert len(images) == before + 1
    assert "a/0.png" in images.image_id
