"""Relation graphs for other programs: networkx, node-link JSON, GraphML, torch_geometric.

Names are those of the stores: the attributes of `frames.ATTRIBUTES` and the relations. An edge
carries its rank and the relative pose of its ends, `pose.POSE`.
"""

from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS
from perceptgraph.graphs.pose import POSE, poses_between
from perceptgraph.graphs.relation_graph import RelationGraph


def poses_of(graph: RelationGraph) -> NDArray[np.float32]:
    """(E, 5): relative pose of each edge, the columns of `pose.POSE`."""
    frames = graph.frames
    return poses_between(frames.position, frames.direction, graph.source, graph.target)


def to_networkx(graph: RelationGraph) -> nx.MultiDiGraph:
    """Directed multigraph: nodes 0, 1, ... and edges with the relation's name as their key.

    Nodes have `kind`, `row`, `column` (pixels), `theta` (radians) and the node attributes; edges
    have `number` (their place in `graph`), `relation`, `rank` and the columns of POSE; the graph
    has `label`.

    Examples
    --------
    >>> from perceptgraph.graphs.primitives import primitives
    >>> from perceptgraph.graphs.relation_graph import relate
    >>> to_networkx(relate(primitives(), label=3)).graph
    {'label': 3}
    """
    frames = graph.frames
    result = nx.MultiDiGraph(label=graph.label)
    theta = np.arctan2(frames.direction[:, 0], frames.direction[:, 1])
    for node in range(len(frames)):
        row, column = frames.position[node].tolist()
        result.add_node(
            node,
            kind=NODE_KINDS[frames.kind[node]],
            row=row,
            column=column,
            theta=float(theta[node]),
            **dict(zip(ATTRIBUTES, frames.attributes[node].tolist(), strict=True)),
        )
    edges = (graph.source, graph.target, graph.relation, graph.rank, poses_of(graph))
    rows = zip(*(column.tolist() for column in edges), strict=True)
    for number, (source, target, relation, rank, pose) in enumerate(rows):
        result.add_edge(
            source,
            target,
            key=graph.relations[relation],
            number=number,
            relation=graph.relations[relation],
            rank=rank,
            **dict(zip(POSE, pose, strict=True)),
        )
    return result


def to_node_link(graph: RelationGraph) -> dict[str, Any]:
    """JSON values in the node-link form that networkx and d3 read; lists "nodes" and "edges"."""
    return nx.node_link_data(to_networkx(graph), edges="edges")


def to_graphml(graph: RelationGraph) -> str:
    """GraphML text, for Gephi, Cytoscape, yEd; an edge's id is its place in `graph`."""
    lines = nx.generate_graphml(to_networkx(graph), edge_id_from_attribute="number")
    return "\n".join(lines) + "\n"


def to_pyg(graph: RelationGraph) -> Any:
    """`torch_geometric.data.Data` with the usual names.

    `x` (N, F) node attributes, `kind` (N,), `pos` (N, 2) row and column, `direction` (N, 2),
    `edge_index` (2, E), `edge_type` (E,), `edge_rank` (E,), `edge_attr` (E, 5) relative poses,
    `y` (1,).
    """
    # Whoever wants GraphML does not wait for torch.
    import torch
    from torch_geometric.data import Data

    return Data(
        x=torch.from_numpy(graph.frames.attributes),
        kind=torch.from_numpy(graph.frames.kind.astype(np.int64)),
        pos=torch.from_numpy(graph.frames.position),
        direction=torch.from_numpy(graph.frames.direction),
        edge_index=torch.from_numpy(np.stack([graph.source, graph.target]).astype(np.int64)),
        edge_type=torch.from_numpy(graph.relation.astype(np.int64)),
        edge_rank=torch.from_numpy(graph.rank.astype(np.int64)),
        edge_attr=torch.from_numpy(poses_of(graph)),
        y=torch.tensor([graph.label]),
    )
