"""Scene-15 and its eight outdoor classes OT-8: natural scenes, grey, of different sizes.

Lazebnik, Schmid, Ponce, CVPR 2006; Fei-Fei, Perona, CVPR 2005; Oliva, Torralba, IJCV 2001. The
usual protocol trains on 100 images of each class. Known blemish of the set, kept as it is: eleven
images stand both in train and in test, which moves accuracy by less than 0.4 points.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2

from perceptgraph.datasets.archive import decode_image, fingerprint_of, member_names, read_member
from perceptgraph.datasets.catalog import DataFile, MissingData, locate
from perceptgraph.datasets.image_set import Sample
from perceptgraph.datasets.splits import TEST, TRAIN, VAL, held_out, rank_of

FILES = (
    DataFile(
        "scene15/scene15.zip",
        "https://doi.org/10.6084/m9.figshare.7007177",
        "deb712f0e263fb64ce92e9fbe0bd2bb7828d89e8c641e96c1cfa3d7879cdfd01",
        is_direct=False,  # the images as published, sorted into train and test
    ),
    DataFile(
        "scene15/scene_categories.zip",
        "http://www-cvr.ai.uiuc.edu/ponce_grp/data/scene_categories/scene_categories.zip",
        "",
    ),
    DataFile(
        "scene15/scene_categories",
        "http://www-cvr.ai.uiuc.edu/ponce_grp/data/scene_categories/scene_categories.zip",
        "",
    ),
)
CLASSES = {
    "Bedroom": "bedroom",
    "Coast": "MITcoast",
    "Forest": "MITforest",
    "Highway": "MIThighway",
    "Industrial": "industrial",
    "InsideCity": "MITinsidecity",
    "Kitchen": "kitchen",
    "LivingRoom": "livingroom",
    "Mountain": "MITmountain",
    "Office": "PARoffice",
    "OpenCountry": "MITopencountry",
    "Store": "store",
    "Street": "MITstreet",
    "Suburb": "CALsuburb",
    "TallBuilding": "MITtallbuilding",
}
"""Name of a class to its folder in the official archive."""
OUTDOOR = tuple(name for name, folder in CLASSES.items() if folder.startswith("MIT"))
TRAIN_PER_CLASS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Scenes:
    """Scenes as a Collection, in the order of their ids."""

    archive: Path
    class_names: tuple[str, ...]
    members: tuple[tuple[str, str, int, int], ...]
    """Of each image: name in the archive, image id, label, split."""

    @property
    def extras(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def fingerprint(self) -> str:
        """Of the files and of the identity of every image."""
        return fingerprint_of(self, self.archive)

    def __len__(self) -> int:
        return len(self.members)

    def identify(self, index: int) -> tuple[str, int, int]:
        """Image id, label and split."""
        _, image_id, label, split = self.members[index]
        return image_id, label, split

    def read(self, index: int) -> Sample:
        """Image `index`, grey."""
        name, image_id, label, split = self.members[index]
        pixels = decode_image(read_member(self.archive, name), name, cv2.IMREAD_GRAYSCALE)
        return Sample(pixels, label, image_id, split, {})


def _members(archive: Path, classes: tuple[str, ...]) -> list[tuple[str, str, int, int]]:
    """Name, id, label and split (train or test) of each image, from its path.

    The official archive has no split: 100 of each class are drawn by the rank of their id.
    """
    label_of = {name.lower(): i for i, name in enumerate(classes)}
    label_of |= {CLASSES[name].lower(): i for i, name in enumerate(classes)}
    found = []
    for name in member_names(archive):
        path = PurePosixPath(name)
        label = label_of.get(path.parent.name.lower())
        if label is None or path.suffix.lower() != ".jpg":
            continue
        folder = path.parent.parent.name
        image_id = f"{classes[label]}/{path.name}"
        split = {"train": TRAIN, "test": TEST}.get(folder, -1)
        found.append((name, f"{folder}/{image_id}" if split >= 0 else image_id, label, split))
    if any(split < 0 for *_, split in found):
        found = _drawn_split(found)
    return sorted(found, key=lambda member: member[1])


def _drawn_split(
    members: list[tuple[str, str, int, int]],
) -> list[tuple[str, str, int, int]]:
    taken: Counter[int] = Counter()
    drawn = []
    for name, image_id, label, _ in sorted(members, key=lambda m: rank_of(m[1])):
        split = TRAIN if taken[label] < TRAIN_PER_CLASS else TEST
        taken[label] += 1
        drawn.append((name, image_id, label, split))
    return drawn


def _open(classes: tuple[str, ...], val_per_class: int) -> Scenes:
    archive = locate(*FILES)
    members = _members(archive, classes)
    missing = set(range(len(classes))) - {label for _, _, label, _ in members}
    if missing:
        raise MissingData(
            f"{archive}: expected images of {len(classes)} classes, found none of "
            f"{', '.join(classes[i] for i in sorted(missing))}"
        )
    train = [m for m in members if m[3] == TRAIN]
    held = held_out([m[1] for m in train], [m[2] for m in train], val_per_class)
    val = {m[1] for m, out in zip(train, held, strict=True) if out}
    return Scenes(
        archive,
        classes,
        tuple((name, i, label, VAL if i in val else split) for name, i, label, split in members),
    )


def open_scene15(*, val_per_class: int) -> Scenes:
    """Open Scene-15; `val_per_class` of the 100 training images of a class are for validation."""
    return _open(tuple(CLASSES), val_per_class)


def open_ot8(*, val_per_class: int) -> Scenes:
    """Open the eight outdoor classes; `val_per_class` of 100 training images for validation."""
    return _open(OUTDOOR, val_per_class)
