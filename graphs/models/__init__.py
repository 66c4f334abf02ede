"""Classifiers of relation graphs, one file per model.

A model is a `graph_net.GraphModel`: a network, or one with a closed form. The table names where
each is and imports none, so a cell that trains one model depends on that model's file and on no
other's.
"""

MODELS = {
    "set": "perceptgraph.graphs.models.set:DeepSet",
    "segment_set": "perceptgraph.graphs.models.segment_set:SegmentSet",
    "gcn": "perceptgraph.graphs.models.gcn:GCN",
    "spectral": "perceptgraph.graphs.models.spectral:SpectralNet",
    "chebyshev": "perceptgraph.graphs.models.chebyshev:ChebyshevNet",
    "h2gcn": "perceptgraph.graphs.models.h2gcn:H2GCN",
    "motif_gcn": "perceptgraph.graphs.models.motif_gcn:MotifGCN",
    "typed_motif_gcn": "perceptgraph.graphs.models.typed_motif_gcn:TypedMotifGCN",
    "gin": "perceptgraph.graphs.models.gin:GIN",
    "gine": "perceptgraph.graphs.models.gine:GINE",
    "gatv2": "perceptgraph.graphs.models.gatv2:GATv2",
    "relative_pose": "perceptgraph.graphs.models.relative_pose:RelativePoseNet",
    "invariant": "perceptgraph.graphs.models.invariant:InvariantNet",
    "kernel": "perceptgraph.graphs.models.kernel:KernelRidge",
    "distilled": "perceptgraph.graphs.models.distilled:Distilled",
    "hybrid": "perceptgraph.graphs.models.hybrid:Hybrid",
    "matching": "perceptgraph.graphs.models.matching:Matching",
    "fisher": "perceptgraph.graphs.models.fisher:Fisher",
}
"""Model to "module:class"."""
