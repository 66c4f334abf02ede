"""Axes along which data change: how much there is to learn from, what of it, and how good it is.

A level changes what is learned from and what is scored alike, but for labels, of which only those
that are learned from are wrong. Models that can be told what to read are told by their keywords;
for the others the graphs themselves are altered (`graphs.alterations`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS
from perceptgraph.stages.degradations import axes_of
from perceptgraph.stages.few_shot_runs import ALL, PerClass
from perceptgraph.stages.params import ParamsError, check_choices
from perceptgraph.stages.study import Axis, Change, Level

DEGRADED = ("noise", "blur", "contrast", "occlusion", "resolution")
"""Axes of `degradations` that are axes of data too."""

CONTEXTS: dict[str, dict[str, Any]] = {
    "upright": {"inverted_share": 0.0},
    "inverted": {"inverted_share": 1.0},
    "absent": {"background": 0.0},
}
"""What is around a drawing of `shapes-in-scenes`: keywords of that data set."""

GROUPS: dict[str, tuple[str, ...]] = {
    "extent": ("length", "width", "width_slope", "scale"),
    "bend": ("turning", "turning_slope", "offset_1", "offset_2", "offset_3"),
    "rays": ("inward", "outward"),
    "strength": ("contrast", "log10_nfa"),
    "branches": (
        *("degree", "is_l", "is_t", "is_y", "is_x"),
        *("branch_1", "branch_2", "branch_3", "branch_4"),
    ),
}
"""Attributes of nodes that say much the same, and so are left out together."""


def images_per_class(value: PerClass) -> Level:
    """Images of each class that are learned from.

    Examples
    --------
    >>> images_per_class(5).name, images_per_class("all").value
    ('5 a class', None)
    """
    name = "all there are" if value == ALL else f"{value} a class"
    return Level(name, Change(per_class=value), None if value == ALL else float(value))


def primitives(value: int) -> Level:
    """Of each kind of node, at most so many of an image, those expected least by chance."""
    change = Change(graphs={"strongest": {"count": value}})
    return Level(f"at most {value} of a kind", change, float(value))


def families(value: str | Sequence[str]) -> Level:
    """Kinds of nodes that a model reads, by its keyword `kinds`.

    Examples
    --------
    >>> families(["arc", "dart"]).name
    'arcs and darts'
    """
    kinds = _names("families", value, NODE_KINDS)
    return Level(_plural(kinds), Change(keywords={"kinds": kinds}))


def families_in_graphs(value: str | Sequence[str]) -> Level:
    """Kinds of nodes that graphs have, for models that read all there are."""
    kinds = _names("families_in_graphs", value, NODE_KINDS)
    return Level(_plural(kinds), Change(graphs={"only_kinds": {"kinds": kinds}}))


def attributes(value: Mapping[str, Sequence[str]]) -> Level:
    """Attributes of nodes that a model reads, by its keyword `left_out`.

    Parameters
    ----------
    value : mapping
        `without`, those that it does not read, or `only`, the others: names of attributes, or of
        GROUPS of them.

    Examples
    --------
    >>> attributes({"without": ["strength"]}).change.keywords
    {'left_out': ['contrast', 'log10_nfa']}
    >>> attributes({"only": []}).name
    'none'
    """
    check_choices("axes.attributes", value, dict.fromkeys(("without", "only")))
    if len(value) != 1:
        raise ParamsError(f"axes.attributes: expected either without or only, got {dict(value)}")
    ((how, chosen),) = value.items()
    names, members = _members("attributes", chosen)
    left_out = members if how == "without" else [name for name in ATTRIBUTES if name not in members]
    words = f"{how} {', '.join(names)}" if names else {"without": "all", "only": "none"}[how]
    return Level(words, Change(keywords={"left_out": left_out}))


def attributes_in_graphs(value: str | Sequence[str]) -> Level:
    """Attributes, or GROUPS of them, that nodes of a kind do not differ in in any graph.

    For models without a keyword `left_out`.
    """
    names, members = _members("attributes_in_graphs", value)
    change = Change(graphs={"without_attributes": {"names": members}})
    return Level(f"without {', '.join(names)}", change)


def wrong_labels(value: float) -> Level:
    """Share of the images learned from that have another label than theirs, drawn evenly."""
    return _share("labels wrong", value, {"wrong_labels": value})


def randomised_features(value: float) -> Level:
    """Share of the nodes whose attributes and poses are those of any others of their kind."""
    return _share("nodes dealt out", value, {"graphs": {"shuffled_nodes": {"share": value}}})


def randomised_edges(value: float) -> Level:
    """Share of the related pairs that are paired at random and related as any others are."""
    return _share("pairs dealt out", value, {"graphs": {"shuffled_edges": {"share": value}}})


def randomised(value: float) -> Level:
    """The same share of both."""
    both = {"shuffled_nodes": {"share": value}, "shuffled_edges": {"share": value}}
    return _share("nodes and pairs dealt out", value, {"graphs": both})


def bits(value: int) -> Level:
    """Bits of each attribute, coordinate and direction."""
    words = f"{value} bit" if value == 1 else f"{value} bits"
    return Level(words, Change(graphs={"quantised": {"bits": value}}), float(value))


def context(value: str) -> Level:
    """What drawings are set into: a name of CONTEXTS."""
    check_choices("axes.context", [value], CONTEXTS)
    return Level(value, Change(prepare=CONTEXTS[value]))


def _share(words: str, value: float, change: Mapping[str, Any]) -> Level:
    if not 0 <= value <= 1:
        raise ParamsError(f"axes: expected a share in [0, 1] of {words}, got {value}")
    return Level(f"{100 * value:g} % of {words}", Change.model_validate(change), float(value))


def _names(
    axis: str, value: str | Sequence[str], known: Sequence[str] | Mapping[str, Any]
) -> list[str]:
    names = [value] if isinstance(value, str) else list(value)
    check_choices(f"axes.{axis}", names, dict.fromkeys(known))
    return names


def _members(axis: str, value: str | Sequence[str]) -> tuple[list[str], list[str]]:
    """Names of attributes or GROUPS, and the attributes that are meant."""
    names = _names(axis, value, {**GROUPS, **ATTRIBUTES})
    return names, [member for name in names for member in GROUPS.get(name, (name,))]


def _plural(kinds: Sequence[str]) -> str:
    return " and ".join(f"{kind}s" for kind in kinds)


AXES: dict[str, Axis] = {
    "images_per_class": images_per_class,
    "primitives": primitives,
    "families": families,
    "families_in_graphs": families_in_graphs,
    "attributes": attributes,
    "attributes_in_graphs": attributes_in_graphs,
    "wrong_labels": wrong_labels,
    **{name: axis for name, axis in axes_of("images").items() if name in DEGRADED},
    "randomised_features": randomised_features,
    "randomised_edges": randomised_edges,
    "randomised": randomised,
    "bits": bits,
    "context": context,
}
"""Name in params.yaml to the axis."""
