"""Spatial relations between the nodes of images: one function each, Frames to Edges.

A relation finds its own pairs, in each image of the Frames by itself, and gives each edge a rank
among those of its source. None knows the pose of the picture. What two nodes look like from each
other is their relative pose (`graphs/pose.py`), which is not kept with the edges.
"""

from collections.abc import Callable

from perceptgraph.graphs.containment import hole, inside, nested
from perceptgraph.graphs.curve_relations import (
    across_gap,
    across_stroke,
    next_on_curve,
    previous_on_curve,
)
from perceptgraph.graphs.edges import Edges
from perceptgraph.graphs.grouping import collinear, parallel, perpendicular, symmetric
from perceptgraph.graphs.incidences import incidence, shared_junction
from perceptgraph.graphs.neighbours import complete, delaunay, near, near_each

RELATIONS: dict[str, Callable[..., Edges]] = {
    "near": near,
    "near_each": near_each,
    "next": next_on_curve,
    "previous": previous_on_curve,
    "across_stroke": across_stroke,
    "across_gap": across_gap,
    "parallel": parallel,
    "perpendicular": perpendicular,
    "collinear": collinear,
    "symmetric": symmetric,
    "incidence": incidence,
    "shared_junction": shared_junction,
    "hole": hole,
    "nested": nested,
    "inside": inside,
    "delaunay": delaunay,
    "complete": complete,
}
"""Name to relation: a function of Frames whose keyword-only arguments are in params.yaml."""
