"""Stage `relate`: primitives to relation graphs."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator

from perceptgraph import graphs, stages, stores
from perceptgraph.graphs.cutting import CUTS
from perceptgraph.graphs.family_nodes import NODES_OF
from perceptgraph.graphs.frames import Frames, joined
from perceptgraph.graphs.nodes import frames_of_images
from perceptgraph.graphs.primitive_store import open_primitives, primitives_of
from perceptgraph.graphs.primitives import Primitives, primitives
from perceptgraph.graphs.relation_graph import RelationGraph, TypedEdges, graphs_of, related_all
from perceptgraph.graphs.relations import RELATIONS
from perceptgraph.graphs.store import (
    FORMAT,
    GRAPH_LAYOUT,
    VERSION,
    graph_attributes,
    graph_record,
    open_graphs,
)
from perceptgraph.stages.outcome import Outcome
from perceptgraph.stages.params import (
    ByRecipe,
    ParamsError,
    StageParams,
    check_choices,
    check_keywords,
)
from perceptgraph.stages.relation_counts import OUT as COUNTS
from perceptgraph.stages.relation_counts import write_counts
from perceptgraph.stores.mapper import Mapper
from perceptgraph.stores.parts import Span, key_of, make_parts, merge_parts, remove_parts, spans
from perceptgraph.stores.status import Status, carried_identity, failed_identity, reasons_of

PRIMITIVES = "primitives.zarr"
OUT = "graphs.zarr"


class Recipe(StageParams):
    """Which primitives become nodes, and how they are related."""

    kinds: tuple[str, ...]
    """Families of primitives that become nodes."""
    piece_length: float = Field(gt=0)
    """Length that a piece of an edge chain or ridge comes closest to, pixels."""
    cut: str
    """Where they are cut, of CUTS."""
    cut_seed: int
    """Of the generator of random phases; each image has its own."""
    ray_reach: float = Field(ge=0)
    """Longest inward or outward ray, pixels; 0 for none."""
    relations: dict[str, dict[str, Any]]

    @model_validator(mode="after")
    def _operators_are_known(self) -> Self:
        check_choices("kinds", self.kinds, NODES_OF)
        check_choices("cut", [self.cut], CUTS)
        check_choices("relations", self.relations, RELATIONS)
        for name, keywords in self.relations.items():
            check_keywords(f"relations.{name}", RELATIONS[name], keywords)
            _check_values(name, keywords)
        if len(set(self.kinds)) < len(self.kinds):
            raise ParamsError(f"kinds: expected each family once, got {list(self.kinds)}")
        return self


def _check_values(relation: str, keywords: Mapping[str, Any]) -> None:
    """ParamsError where a relation refuses the values of its keywords."""
    try:
        RELATIONS[relation](joined([]), **keywords)
    except (TypeError, ValueError) as error:
        raise ParamsError(f"relations.{relation}: {error}") from error


class Params(ByRecipe[Recipe]):
    """Section `relate` of params.yaml."""

    part_images: int = Field(gt=0)
    counted_per_class: int = Field(gt=0)
    """Training images of each class whose relations and motifs are counted."""


def relate_one(found: Primitives, label: int, recipe: Recipe, index: int = 0) -> RelationGraph:
    """Relation graph of the primitives of one image, the `index`-th of its set."""
    return relate_many([found], [label], recipe, index)[0]


def relate_many(
    found: Sequence[Primitives], labels: Sequence[int], recipe: Recipe, first: int
) -> list[RelationGraph]:
    """Relation graphs of consecutive images, from the `first` of their set on."""
    frames, edges = related_together(found, recipe, range(first, first + len(found)))
    return graphs_of(frames, edges, tuple(recipe.relations), labels)


def related_together(
    found: Sequence[Primitives], recipe: Recipe, numbers: Sequence[int]
) -> tuple[Frames, TypedEdges]:
    """Nodes and edges of images, one after the other, which have these numbers in their set."""
    seeds = ([recipe.cut_seed, number] for number in numbers)
    frames = frames_of_images(
        found,
        kinds=recipe.kinds,
        piece_length=recipe.piece_length,
        cut=recipe.cut,
        ray_reach=recipe.ray_reach,
        rngs=[np.random.default_rng(seed) for seed in seeds] if recipe.cut == "phase" else None,
    )
    return frames, related_all(frames, recipe.relations)


def relate_span(span: Span, store: Path, recipe: Recipe) -> list[dict[str, Any]]:
    """Records of graphs of the images `span` of primitives.zarr at `store`."""
    records = list(open_primitives(store).block(*span).records())
    graphs = relate_many(
        [primitives_of(record) for record in records],
        [int(record["image/label"]) for record in records],
        recipe,
        span[0],
    )
    return [
        graph_record(graph, carried_identity(record))
        for graph, record in zip(graphs, records, strict=True)
    ]


def crashed_record(index: int, reason: str, store: Path, recipe: Recipe) -> dict[str, Any]:
    """The record of an image whose relating killed its process: a graph without nodes."""
    record = open_primitives(store).record(index)
    identity = failed_identity(record, Status.CRASHED, f"relate: {reason}")
    return graph_record(relate_one(primitives(), -1, recipe), identity)


def run(params: Params, root: Path, mapper: Mapper) -> Outcome:
    """Read `root/primitives.zarr`, write `root/graphs.zarr` by the recipe of the set's name.

    What is in the graphs of each class goes to `root/counts`.
    """
    recipe = params.recipe(root.name)
    store = root / PRIMITIVES
    found = open_primitives(store)
    families = found.attributes["families"]
    if never := [kind for kind in recipe.kinds if kind not in families]:
        raise ParamsError(
            f"relate: the recipe of {root.name} makes nodes of {', '.join(never)}, and detect "
            f"looked for {', '.join(families)} only; let relate.recipe_of.{root.name} fit "
            f"detect.recipe_of.{root.name}"
        )
    facts = {"recipe": recipe.model_dump(), "primitives": found.digest, "layout": [FORMAT, VERSION]}
    code = [Path(package.__path__[0]) for package in (graphs, stages, stores)]
    todo = spans(len(found), params.part_images)
    make = partial(
        make_parts,
        root / "parts" / "relate" / key_of(facts, code),
        GRAPH_LAYOUT,
        read=partial(relate_span, store=store, recipe=recipe),
        crashed=partial(crashed_record, store=store, recipe=recipe),
        mapper=mapper,
    )
    make(todo[:1])  # compiles what is needed, which several workers would each do
    paths = make(todo)
    attributes = {
        **{k: v for k, v in found.attributes.items() if k in ("class_names", "dataset")},
        **graph_attributes(list(recipe.relations)),
        "detect": found.attributes["recipe"],
        "relate": recipe.model_dump(),
        "primitives_digest": found.digest,
    }
    merge_parts(paths, root / OUT, GRAPH_LAYOUT, attributes)
    remove_parts(root, "relate")
    how_many = params.part_images, params.counted_per_class
    write_counts(root / OUT, root / COUNTS, *how_many, mapper)
    return outcome(store, root / OUT)


def outcome(store: Path, out: Path) -> Outcome:
    """Counts of the finished store, and the images that were good before this stage."""
    before, after = open_primitives(store), open_graphs(out)
    was_good = before.column("status/ok").astype(bool)
    failed = np.flatnonzero(was_good & (after.column("status/ok") == 0))
    return Outcome(
        work={
            "images": int(was_good.sum()),
            "nodes": int(after.offsets("node")[-1]),
            "edges": int(after.offsets("edge")[-1]),
        },
        bad=reasons_of(after, failed),
    )
