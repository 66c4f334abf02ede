"""Command `inspect`: the relation graphs of an image file, or of images of a rung, to look at."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from perceptgraph.datasets.image_set import image_set, open_images
from perceptgraph.graphs.exchange import to_graphml, to_node_link
from perceptgraph.graphs.relation_graph import RelationGraph, relate
from perceptgraph.graphs.store import graph_of, open_graphs, relation_names
from perceptgraph.pipelines.images import read_image
from perceptgraph.pipelines.inspect_facts import Facts, facts_of, text_of
from perceptgraph.pipelines.inspect_figure import figure, thumbnail
from perceptgraph.pipelines.inspect_index import Card, index_name, index_pages
from perceptgraph.pipelines.inspect_page import page
from perceptgraph.pipelines.recipes import RECIPE_STAGES, recipe_named
from perceptgraph.stages.detect import IMAGES, detect
from perceptgraph.stages.detectors.catalog import DETECTORS
from perceptgraph.stages.drawing import png_bytes, svg_bytes
from perceptgraph.stages.params import ParamsError, check_choices, suggest
from perceptgraph.stages.relate import OUT as GRAPHS
from perceptgraph.stages.relate import relate_one
from perceptgraph.stores.ragged import RaggedStore
from perceptgraph.stores.status import SPLITS, BadImage, decode_text

Finder = Callable[[NDArray[Any]], RelationGraph]
"""An image to its relation graph."""


def by_kinds(kinds: Sequence[str]) -> Finder:
    """All relations of what these detectors find, with the defaults of all functions."""
    check_choices("--kinds", kinds, DETECTORS)
    families = [DETECTORS[kind].family for kind in kinds]
    return lambda image: relate(detect(image, {kind: {} for kind in kinds}), kinds=families)


def by_recipe(name: str, params: Path) -> Finder:
    """What stages `detect` and `relate` do with images of a kind, by its name in params.yaml."""
    detecting, relating = (recipe_named(stage, name, params) for stage in RECIPE_STAGES)
    return lambda image: relate_one(detecting.find(image), -1, relating)


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One image with its graph."""

    title: str
    name: str
    """For names of files, where several images are written."""
    image: NDArray[Any]
    graph: RelationGraph
    known: Mapping[str, Any]
    """What is known of the image beside its pixels: image, class, split."""
    links: Mapping[str, str]
    """Names of other pages to where they lie, seen from this one."""

    @property
    def facts(self) -> Facts:
        """All that there is to say."""
        return facts_of(self.graph, self.image.shape[:2], self.known)


def _as_page(subject: Subject) -> bytes:
    made = page(subject.image, subject.graph, subject.title, subject.known, subject.links)
    return made.encode()


def _as_json(subject: Subject) -> bytes:
    values = to_node_link(subject.graph)
    values["graph"] |= {"title": subject.title, **subject.facts}
    return (json.dumps(values, indent=1, allow_nan=False) + "\n").encode()


def _as_graphml(subject: Subject) -> bytes:
    return to_graphml(subject.graph).encode()


def _as_png(subject: Subject) -> bytes:
    return png_bytes(figure(subject.image, subject.graph))


def _as_svg(subject: Subject) -> bytes:
    return svg_bytes(figure(subject.image, subject.graph))


WRITERS: dict[str, Callable[[Subject], bytes]] = {
    "html": _as_page,
    "json": _as_json,
    "graphml": _as_graphml,
    "png": _as_png,
    "svg": _as_svg,
}
"""Ending of a file to the function that makes its bytes."""


def inspect_graphs(
    what: str,
    chosen: Sequence[str],
    targets: Mapping[str, Path],
    outputs: Path,
    find: Finder,
) -> Iterator[str]:
    """Write what is asked for, and yield the facts of each graph as lines of text.

    Parameters
    ----------
    what : str
        An image file, or a rung of the ladder that stage `relate` has done.
    chosen : sequence of str
        Images of the rung: numbers, ranges as "10:20" (its end is left out), or "all"; the first
        image where nothing is named.
    targets : mapping
        Ending of WRITERS to where to write: a file for one image that is named by its number, else
        a folder. A folder of pages gets an index.
    outputs : Path
        Folder of all results.
    find : function
        Image to its graph, for an image file.

    Raises
    ------
    ParamsError
        Neither a file nor a rung, or an image that the rung does not have.
    """
    many = len(chosen) > 1 or any(not text.isdigit() for text in chosen)
    cards = []
    for subject in subjects_of(what, chosen, outputs, find):
        for ending, path in targets.items():
            target = path / f"{subject.name}.{ending}" if many else path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(WRITERS[ending](subject))
        if many and "html" in targets:
            cards.append(_card(subject))
        yield subject.title
        yield from (f"  {name}: {text}" for name, text in text_of(subject.facts))
    if many and "html" in targets:
        for number, made in enumerate(index_pages(f"{what}: relation graphs", cards)):
            (targets["html"] / index_name(number)).write_text(made, encoding="utf-8")
        yield f"index: {targets['html'] / index_name(0)}"


def _card(subject: Subject) -> Card:
    known = {name: str(value) for name, value in subject.known.items()}
    return Card(
        title=subject.title,
        place=f"{subject.name}.html",
        picture=thumbnail(subject.image, subject.graph),
        image_id=known.get("image", ""),
        class_name=known.get("class", ""),
        split=known.get("split", ""),
        nodes=len(subject.graph.frames),
        edges=len(subject.graph.source),
    )


def subjects_of(
    what: str,
    chosen: Sequence[str],
    outputs: Path,
    find: Finder,
) -> Iterator[Subject]:
    """The image of a file, or images of a rung, with their graphs."""
    root = outputs / what
    if (root / GRAPHS).is_dir():
        yield from _of_rung(root, chosen or ["0"])
    elif Path(what).exists():
        if chosen:
            raise ParamsError(f"{what}: expected no numbers after an image file")
        try:
            image = read_image(Path(what))
        except BadImage as error:
            raise BadImage(error.status, f"{what}: {error.reason}") from error
        yield Subject(what, Path(what).stem, image, find(image), {}, {})
    else:
        rungs = [path.parent.name for path in outputs.glob(f"*/{GRAPHS}")]
        hint = suggest(what, rungs) if rungs else "run the stages of a rung first"
        raise ParamsError(f"{what}: neither an image file nor a rung with graphs; {hint}")


def _of_rung(root: Path, chosen: Sequence[str]) -> Iterator[Subject]:
    """Graphs of a rung; where several are chosen, those that were left out are passed over."""
    images, graphs = open_images(root / IMAGES), open_graphs(root / GRAPHS)
    numbers = numbers_of(root.name, chosen, len(graphs))
    good = graphs.column("status/ok").astype(bool)
    if len(numbers) == 1 and not good[numbers[0]]:
        reason = decode_text(graphs.record(numbers[0])["status/reason"])
        raise ParamsError(f"{root.name} {numbers[0]}: it was left out: {reason}")
    numbers = [i for i in numbers if good[i]]
    for place, i in enumerate(numbers):
        links = {} if len(numbers) == 1 else _links(root.name, numbers, place)
        yield _of_store(root.name, images, graphs, i, links)


def _of_store(
    name: str, images: RaggedStore, graphs: RaggedStore, index: int, links: Mapping[str, str]
) -> Subject:
    record = graphs.record(index)
    classes = list(graphs.attributes.get("class_names", ()))
    label = int(record["image/label"])
    known = {
        "image": decode_text(record["image/id"]),
        "class": classes[label] if 0 <= label < len(classes) else "none",
        "split": SPLITS[int(record["image/split"])],
    }
    pixels = image_set(images.block(index, index + 1)).image(0)
    graph = graph_of(record, relation_names(graphs.attributes))
    return Subject(f"{name} {index}", f"{name}-{index}", pixels, graph, known, links)


def _links(name: str, numbers: Sequence[int], place: int) -> dict[str, str]:
    """Other pages that a page of several leads to."""
    links = {"all": index_name(0)}
    if place > 0:
        links["previous"] = f"{name}-{numbers[place - 1]}.html"
    if place + 1 < len(numbers):
        links["next"] = f"{name}-{numbers[place + 1]}.html"
    return links


def numbers_of(name: str, chosen: Sequence[str], n_images: int) -> list[int]:
    """Images that are chosen, each once, in the order in which they are named.

    Examples
    --------
    >>> numbers_of("shapes", ["7", "2:5", "3"], n_images=9)
    [7, 2, 3, 4]
    """
    numbers: dict[int, None] = {}
    for text in chosen:
        found = re.fullmatch(r"(\d*):(\d*)|(\d+)|all", text)
        if found is None:
            raise ParamsError(f"{name}: expected a number, a range as 10:20, or all; got {text!r}")
        first, last, one = found.groups()
        start = int(one or first or 0)
        stop = start + 1 if one else min(int(last or n_images), n_images)
        if not start < stop <= n_images:
            raise ParamsError(f"{name}: expected images 0 to {n_images - 1}, got {text}")
        numbers.update(dict.fromkeys(range(start, stop)))
    return list(numbers)
