"""Command `inspect`: the relation graphs of an image file, or of images of a rung, to look at."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.datasets.image_set import image_set, open_images
from perceptgraph.graphs.exchange import to_graphml, to_node_link
from perceptgraph.graphs.frames import NODE_KINDS
from perceptgraph.graphs.relation_graph import RelationGraph, relate
from perceptgraph.graphs.store import graph_of, open_graphs, relation_names
from perceptgraph.pipelines import inspect_page
from perceptgraph.pipelines.images import read_image
from perceptgraph.stages.detect import IMAGES, detect
from perceptgraph.stages.drawing import png_bytes, svg_bytes
from perceptgraph.stages.params import ParamsError, suggest
from perceptgraph.stages.relate import OUT as GRAPHS
from perceptgraph.stores.status import SPLITS, decode_text

Facts = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One image with its graph."""

    title: str
    name: str
    """For names of files, where several images are written."""
    image: NDArray[Any]
    graph: RelationGraph
    facts: Facts
    """What is known of the image beside its pixels."""


def _as_page(subject: Subject) -> bytes:
    facts = facts_of(subject)
    return inspect_page.page(subject.image, subject.graph, subject.title, facts).encode()


def _as_json(subject: Subject) -> bytes:
    return (json.dumps(to_node_link(subject.graph), indent=1) + "\n").encode()


def _as_graphml(subject: Subject) -> bytes:
    return to_graphml(subject.graph).encode()


def _as_png(subject: Subject) -> bytes:
    return png_bytes(inspect_page.figure(subject.image, subject.graph))


def _as_svg(subject: Subject) -> bytes:
    return svg_bytes(inspect_page.figure(subject.image, subject.graph))


WRITERS: dict[str, Callable[[Subject], bytes]] = {
    "html": _as_page,
    "json": _as_json,
    "graphml": _as_graphml,
    "png": _as_png,
    "svg": _as_svg,
}
"""Ending of a file to the function that makes its bytes."""


def inspect_graphs(
    what: str, index: Sequence[int], targets: Mapping[str, Path], outputs: Path
) -> Iterator[str]:
    """Write what is asked for, and yield the facts of each graph as lines of text.

    Parameters
    ----------
    what : str
        An image file, or a rung of the ladder that stage `relate` has done.
    index : sequence of int
        Images of the rung; the first one where none is named.
    targets : mapping
        Ending of WRITERS to where to write; a file for one image, a folder for several.
    outputs : Path
        Folder of all results.

    Raises
    ------
    ParamsError
        Neither a file nor a rung, or an image that the rung does not have.
    """
    many = len(index) > 1
    for subject in subjects_of(what, index, outputs):
        for ending, path in targets.items():
            target = path / f"{subject.name}.{ending}" if many else path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(WRITERS[ending](subject))
        yield subject.title
        yield from (f"  {name}: {text}" for name, text in facts_of(subject))


def subjects_of(what: str, index: Sequence[int], outputs: Path) -> Iterator[Subject]:
    """The image of a file, or images of a rung, with their graphs."""
    root = outputs / what
    if (root / GRAPHS).is_dir():
        yield from _of_rung(root, index or [0])
    elif Path(what).exists():
        if index:
            raise ParamsError(f"{what}: expected no numbers after an image file")
        image = read_image(Path(what))
        yield Subject(what, Path(what).stem, image, relate(detect(image)), [])
    else:
        rungs = [path.parent.name for path in outputs.glob(f"*/{GRAPHS}")]
        hint = suggest(what, rungs) if rungs else "run the stages of a rung first"
        raise ParamsError(f"{what}: neither an image file nor a rung with graphs; {hint}")


def _of_rung(root: Path, index: Sequence[int]) -> Iterator[Subject]:
    images, graphs = open_images(root / IMAGES), open_graphs(root / GRAPHS)
    relations = relation_names(graphs.attributes)
    classes = list(graphs.attributes.get("class_names", ()))
    for i in index:
        if not 0 <= i < len(graphs):
            raise ParamsError(f"{root.name}: expected images 0 to {len(graphs) - 1}, got {i}")
        record = graphs.record(i)
        title = f"{root.name} {i}"
        if not record["status/ok"]:
            raise ParamsError(f"{title}: it was left out: {decode_text(record['status/reason'])}")
        label = int(record["image/label"])
        facts = [
            ("image", decode_text(record["image/id"])),
            ("class", classes[label] if 0 <= label < len(classes) else "none"),
            ("split", SPLITS[int(record["image/split"])]),
        ]
        pixels = image_set(images.block(i, i + 1)).image(0)
        yield Subject(title, f"{root.name}-{i}", pixels, graph_of(record, relations), facts)


def facts_of(subject: Subject) -> Facts:
    """Names and texts of what there is to say of a graph."""
    graph = subject.graph
    height, width = subject.image.shape[:2]
    n_nodes = len(graph.frames)
    kinds = np.bincount(graph.frames.kind, minlength=len(NODE_KINDS))
    pairs = inspect_page.pairs_of(graph)
    return [
        *subject.facts,
        ("size", f"{height} x {width} pixels"),
        ("nodes", f"{n_nodes}: {_counted(NODE_KINDS, kinds.tolist())}"),
        ("edges", f"{len(graph.source)}, both directions of a pair counted"),
        ("pairs", _counted([p.relation for p in pairs], [len(p.ends) for p in pairs])),
        ("degrees", _degrees(graph)),
        ("components", str(n_components(graph))),
    ]


def _counted(names: Sequence[str], counts: Sequence[int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in zip(names, counts, strict=True) if n) or "none"


def _degrees(graph: RelationGraph) -> str:
    """Spread of the number of edges that touch a node."""
    ends = np.concatenate([graph.source, graph.target])
    degree = np.bincount(ends, minlength=len(graph.frames))
    if not len(degree):
        return "none"
    low, middle, high = np.quantile(degree, [0, 0.5, 1])
    isolated = int(np.count_nonzero(degree == 0))
    return f"{low:.0f} to {high:.0f}, median {middle:g}; {isolated} nodes without edges"


def n_components(graph: RelationGraph) -> int:
    """Connected components of a graph, directions left out."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(graph.frames)
    ones = np.ones(len(graph.source), np.int8)
    links = coo_array((ones, (graph.source, graph.target)), shape=(n, n))
    return int(connected_components(links, directed=False, return_labels=False))
