"""Graphs that were just made, as a store in memory, without a record of each."""

import numpy as np

from perceptgraph.graphs.frames import Frames
from perceptgraph.graphs.loader import NODE_FIELDS, GraphSchema, GraphStore, Pairs, no_pairs
from perceptgraph.graphs.motif_pairs import no_motifs
from perceptgraph.graphs.relation_graph import TypedEdges
from perceptgraph.stores.status import SPLITS


def unstored(frames: Frames, edges: TypedEdges, schema: GraphSchema) -> GraphStore:
    """Graphs of G images, named 0, 1, ..., all in the test split and without a label.

    Parameters
    ----------
    frames : Frames
        Nodes of the images, one after the other.
    edges : TypedEdges
        Of the relations of `schema`, between these nodes.
    """
    n = len(frames.offsets) - 1
    nothing, motifs = no_pairs(n), no_motifs()
    return GraphStore(
        schema=schema,
        node_offsets=frames.offsets,
        **{name: getattr(frames, name) for name in NODE_FIELDS},
        edges=Pairs(edges.offsets, np.stack([edges.source, edges.target])),
        relation=edges.relation,
        rank=edges.rank,
        label=np.full(n, -1, np.int64),
        split=np.full(n, SPLITS.index("test"), np.uint8),
        ok=np.ones(n, np.bool_),
        image_id=tuple(map(str, range(n))),
        one_hop=nothing,
        two_hop=nothing,
        motif_pairs=nothing,
        motif=motifs.motif,
        motif_count=motifs.count,
        motif_joined=motifs.is_joined,
        facts=schema.facts(),
    )
