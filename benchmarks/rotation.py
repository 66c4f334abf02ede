"""The graph of a turned image against that of the image: nodes and edges that are found again."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from perceptgraph.benchmarks.turned_images import Pose, turned_pairs
from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames
from perceptgraph.graphs.relation_graph import RelationGraph
from perceptgraph.stages import detect, relate

Indices = NDArray[np.int64]
Recipes = tuple[detect.Recipe, relate.Recipe]

TURNS_DEG = (90, 37)
REACH = 2.0
"""Two nodes of one kind are the same if their middles are this close together, pixels; ..."""
SHARE = 0.25
"""... along a long one, by this share of its length: its ends are the least sure of it; ..."""
TOLERANCE = math.radians(20.0)
"""... and if they are directed the same way within this."""
LENGTH = list(ATTRIBUTES).index("length")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much of two graphs is in both, as counts over both."""

    nodes: int
    nodes_matched: int
    edges: int
    edges_matched: int

    def __add__(self, other: "Agreement") -> "Agreement":
        return Agreement(
            self.nodes + other.nodes,
            self.nodes_matched + other.nodes_matched,
            self.edges + other.edges,
            self.edges_matched + other.edges_matched,
        )

    @property
    def node_share(self) -> float:
        """Matched nodes of both over all nodes of both; 1 where there are none."""
        return self.nodes_matched / self.nodes if self.nodes else 1.0

    @property
    def edge_share(self) -> float:
        """Matched edges of both over all edges of both; 1 where there are none."""
        return self.edges_matched / self.edges if self.edges else 1.0


def measure(recipes: Mapping[str, Recipes], n_images: int) -> dict[str, float]:
    """Share of nodes and edges found again, of turned images of some data sets.

    Parameters
    ----------
    recipes : mapping
        Name of a data set (`perceptgraph.benchmarks.turned_images.IMAGES`) to how its images become
        primitives, and these a graph.
    n_images : int
        Of each data set.

    Returns
    -------
    dict
        `rotation/<set>/<degrees>/<nodes or edges>/ours`, in [0, 1]; and
        `rotation/<set>/<degrees>/<kind>_<nodes or edges>/ours` of the nodes of one kind alone.
    """
    figures = {}
    for name, (find, connect) in recipes.items():
        for degrees in TURNS_DEG:
            total = dict.fromkeys(("", *NODE_KINDS), Agreement(0, 0, 0, 0))
            for pair in turned_pairs(name, n_images, degrees):
                one, other = (
                    relate.relate_one(find.find(image), -1, connect)
                    for image in (pair.image, pair.turned)
                )
                for kind in total:
                    total[kind] += agreement(one, other, pair.pose, pair.radius, kind)
            for kind, both in total.items():
                if both.nodes or not kind:
                    measure_of = f"rotation/{name}/{degrees}/{kind}{'_' if kind else ''}"
                    figures[f"{measure_of}nodes/ours"] = both.node_share
                    figures[f"{measure_of}edges/ours"] = both.edge_share
    return figures


def agreement(
    one: RelationGraph,
    other: RelationGraph,
    pose: Pose,
    radius: float = math.inf,
    kind: str = "",
) -> Agreement:
    """Nodes and typed edges of the graph of an image found again in that of the turned image.

    An edge is found again if both its ends are, and an edge of the same relation joins the nodes
    that they are there.

    Parameters
    ----------
    one, other : RelationGraph
        Of the image and of the turned image, by the same relations.
    pose : Pose
        Of the second image seen from the first.
    radius : float
        Nodes within this of the middle are counted, and edges with both ends there, pixels.
    kind : str
        Of the nodes that are counted (NODE_KINDS); all if empty.
    """
    partner = partners(one.frames, other.frames, pose)
    back = np.full(len(other.frames), -1, np.int64)
    has = partner >= 0
    back[partner[has]] = np.flatnonzero(has)
    here = _counted(one.frames, pose.centre, radius, kind)
    there = _counted(other.frames, pose.there, radius, kind)
    in_one = here[one.source] & here[one.target]
    in_other = there[other.source] & there[other.target]
    return Agreement(
        nodes=int(here.sum() + there.sum()),
        nodes_matched=int((here & has).sum() + (there & (back >= 0)).sum()),
        edges=int(in_one.sum() + in_other.sum()),
        edges_matched=int(
            (in_one & _found_again(one, other, partner)).sum()
            + (in_other & _found_again(other, one, back)).sum()
        ),
    )


def _counted(
    frames: Frames, centre: tuple[float, float], radius: float, kind: str
) -> NDArray[np.bool_]:
    """(N,): which nodes are within a radius of a centre and of a kind, if one is named."""
    near = np.hypot(*(frames.position - centre).T) <= radius
    return near & (frames.kind == NODE_KINDS.index(kind)) if kind else near


def partners(one: Frames, other: Frames, pose: Pose) -> Indices:
    """Node (N,) of the turned image that each node of the image is, -1 for none; the closest first.

    No node is taken twice.
    """
    partner = np.full(len(one), -1, np.int64)
    if len(one) == 0 or len(other) == 0:
        return partner
    where, direction = pose.of(one.position), one.direction @ pose.matrix.T
    ahead = np.maximum(REACH, SHARE * one.attributes[:, LENGTH])
    pairs = cKDTree(where).sparse_distance_matrix(
        cKDTree(other.position), math.hypot(REACH, ahead.max()), output_type="ndarray"
    )
    i, j = pairs["i"], pairs["j"]
    way = other.position[j] - where[i]
    along = (way * direction[i]).sum(axis=1)
    beside = way[:, 1] * direction[i, 0] - way[:, 0] * direction[i, 1]
    turned = (direction[i] * other.direction[j]).sum(axis=1)
    same = (one.kind[i] == other.kind[j]) & (turned >= math.cos(TOLERANCE))
    same &= (np.abs(along) <= ahead[i]) & (np.abs(beside) <= REACH)
    i, j, distance = i[same], j[same], pairs["v"][same]
    taken = np.zeros(len(other), np.bool_)
    for k in np.lexsort((j, i, distance)):
        if partner[i[k]] < 0 and not taken[j[k]]:
            partner[i[k]] = j[k]
            taken[j[k]] = True
    return partner


def _found_again(one: RelationGraph, other: RelationGraph, partner: Indices) -> NDArray[np.bool_]:
    """(E,): which edges of one graph are edges of the other between the partners of their ends."""
    source, target = partner[one.source], partner[one.target]
    n = len(other.frames)
    keys = (other.relation.astype(np.int64) * n + other.source) * n + other.target
    key = (one.relation.astype(np.int64) * n + source) * n + target
    return (source >= 0) & (target >= 0) & np.isin(key, keys)
