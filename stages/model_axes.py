"""Axes along which a model changes: what it reads of a graph, and what it is made of.

Of each model the part that an axis names must be a keyword of its own; where it is none, the level
is an error that names the keyword.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from perceptgraph.stages.params import ParamsError, check_choices
from perceptgraph.stages.study import Axis, Change, Level

ENCODINGS: dict[str, dict[str, Any]] = {
    "raw": {"waves": 0, "harmonics": 0},
    "harmonics": {"waves": 0},
    "waves": {"harmonics": 0},
}
"""How a net is shown the positions and directions that it knows; as it is, by products of both."""

READOUTS: dict[str, dict[str, Any]] = {
    "mean": {"read_out": ["mean"]},
    "max": {"read_out": ["max"]},
    "mean and max": {"read_out": ["mean", "max"]},
    "not weighted": {"weighted": False},
}
"""What is told of all nodes, and whether their mean is weighted by what they mean."""

EGOS = {"apart": True, "among its neighbours": False}
"""Where the embedding of a node itself goes (design 1 of H2GCN)."""


def relations_out(value: str | Sequence[str]) -> Level:
    """Without the relation of this name, or these; no edge says anything of it.

    Examples
    --------
    >>> relations_out(["hole", "inside"]).name
    'without hole, inside'
    """
    names = _names(value)
    change = Change(graphs={"without_relations": {"names": names}})
    return Level(f"without {', '.join(names)}", change)


def relations_only(value: str | Sequence[str]) -> Level:
    """With the relation of this name alone, or these, or with no edge at all: [].

    Examples
    --------
    >>> relations_only([]).name
    'none'
    """
    names = _names(value)
    if not names:
        return Level("none", Change(graphs={"without_edges": {}}))
    return Level(f"only {', '.join(names)}", Change(graphs={"only_relations": {"names": names}}))


def pose(value: str) -> Level:
    """Whether nodes know where they lie: free, absolute or canonical."""
    return Level(value, Change(keywords={"pose": value}))


def edges(value: Sequence[str]) -> Level:
    """What messages know of their edges: relation, pose, both or nothing.

    Examples
    --------
    >>> edges(["pose"]).name, edges([]).name
    ('pose', 'nothing')
    """
    return Level(_listed(value), Change(keywords={"edges": _names(value)}))


def encoding(value: str) -> Level:
    """How a net is shown the poses of nodes: a name of ENCODINGS."""
    return _among("encoding", value, ENCODINGS)


def aggregate(value: Sequence[str]) -> Level:
    """What nodes hear of their messages."""
    return Level(_listed(value), Change(keywords={"aggregate": _names(value)}))


def readout(value: str) -> Level:
    """What is read out of all nodes: a name of READOUTS."""
    return _among("readout", value, READOUTS)


def kept(value: str) -> Level:
    """Rounds that are read out: all (jumping knowledge) or the last."""
    return Level(f"{value} of its rounds", Change(keywords={"kept": value}))


def depth(value: int) -> Level:
    """Rounds of messages; without any, a net sees no edge.

    Examples
    --------
    >>> depth(1).name, depth(0).value
    ('1 round', 0.0)
    """
    words = "1 round" if value == 1 else f"{value} rounds"
    return Level(words, Change(keywords={"rounds": value}), float(value))


def width(value: int) -> Level:
    """Numbers of an embedding."""
    return Level(f"width {value}", Change(keywords={"hidden": value}), float(value))


def hops(value: Sequence[int]) -> Level:
    """Neighbourhoods that are aggregated: at one hop, at two, or both."""
    words = " and ".join(f"N{hop}" for hop in value)
    return Level(words, Change(keywords={"hops": list(value)}))


def ego(value: str) -> Level:
    """Whether a node stays apart from its neighbours: a name of EGOS."""
    check_choices("axes.ego", [value], EGOS)
    return Level(value, Change(keywords={"separate": EGOS[value]}))


def motifs(value: Mapping[str, str]) -> Level:
    """Which motifs, by a `runner` that reads them, how they are fused (`fusion`), or both.

    Examples
    --------
    >>> motifs({"runner": "typed_motif_gcn", "fusion": "union"}).name
    'typed_motif_gcn, union'
    """
    check_choices("axes.motifs", value, dict.fromkeys(("runner", "fusion")))
    keywords = {"fusion": value["fusion"]} if "fusion" in value else {}
    change = Change(keywords=keywords)
    if "runner" in value:
        change = Change(runner=value["runner"], keywords=keywords)
    return Level(", ".join(value.values()), change)


def radii(value: Sequence[float]) -> Level:
    """Radii of the own-frame contexts of nodes, in pixels; without any, no relation is seen.

    Examples
    --------
    >>> radii([15, 30]).name, radii([]).name
    ('15 and 30 px', 'no contexts')
    """
    words = " and ".join(f"{radius:g}" for radius in value)
    change = Change(keywords={"radii": list(value)})
    return Level(f"{words} px" if value else "no contexts", change)


def directions(value: int) -> Level:
    """Harmonics of the directions of neighbours in those contexts; 0: where they are, no more."""
    change = Change(keywords={"harmonics": value})
    return Level(f"{value} harmonics", change, float(value))


def gaussians(value: int) -> Level:
    """Gaussians of the mixture that a Fisher vector is of."""
    return Level(f"{value} Gaussians", Change(keywords={"gaussians": value}), float(value))


def strips(value: int) -> Level:
    """Horizontal strips that a picture is described in besides as a whole."""
    return Level(f"{value} strips", Change(keywords={"strips": value}), float(value))


def family(value: str) -> Level:
    """Another model: a runner of section few_shot, with all that it is given there."""
    return Level(value, Change(runner=value))


def _among(axis: str, value: str, table: Mapping[str, Mapping[str, Any]]) -> Level:
    check_choices(f"axes.{axis}", [value], table)
    return Level(value, Change(keywords=dict(table[value])))


def _names(value: str | Sequence[str]) -> list[str]:
    names = [value] if isinstance(value, str) else list(value)
    if not all(isinstance(name, str) for name in names):
        raise ParamsError(f"axes: expected a name or a list of names, got {value!r}")
    return names


def _listed(value: str | Sequence[str]) -> str:
    return " and ".join(_names(value)) or "nothing"


AXES: dict[str, Axis] = {
    "relations_out": relations_out,
    "relations_only": relations_only,
    "pose": pose,
    "edges": edges,
    "encoding": encoding,
    "aggregate": aggregate,
    "readout": readout,
    "kept": kept,
    "depth": depth,
    "width": width,
    "hops": hops,
    "ego": ego,
    "motifs": motifs,
    "radii": radii,
    "directions": directions,
    "gaussians": gaussians,
    "strips": strips,
    "family": family,
}
"""Name in params.yaml to the axis."""
