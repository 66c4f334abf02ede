"""The stock net is the same net; its time and ours are measured side by side."""

import numpy as np
import torch

from perceptgraph.benchmarks.drawn_glyphs import KINDS, PIECE, glyphs
from perceptgraph.benchmarks.training_step import BATCH, NET, StockNet, measure
from perceptgraph.graphs.frames import NODE_KINDS
from perceptgraph.graphs.loader import GraphSchema, GraphStore, graphs_in_memory
from perceptgraph.graphs.models.relative_pose import RelativePoseNet
from perceptgraph.graphs.nodes import frames_of_images
from perceptgraph.graphs.relation_graph import related

RELATIONS: dict[str, dict[str, object]] = {"next": {}, "near": {"k": 4}}


def drawn(n: int) -> GraphStore:
    rng = np.random.default_rng(0)
    frames = [
        frames_of_images([glyphs(18, rng)], kinds=KINDS, piece_length=PIECE) for _ in range(n)
    ]
    graphs = [related(one, RELATIONS, i % 2) for i, one in enumerate(frames)]
    return graphs_in_memory(graphs, GraphSchema(tuple(RELATIONS), ("one", "other")))


def test_stock_net_gives_the_same_logits_and_derivatives() -> None:
    store = drawn(6)
    batch = store.batch(np.arange(6))
    torch.manual_seed(0)
    ours = RelativePoseNet(store.schema, kinds=NODE_KINDS, **NET).eval()
    stock = StockNet(ours).eval()

    logits = [net.logits(batch) for net in (ours, stock)]
    for one in logits:
        one.square().sum().backward()

    torch.testing.assert_close(*logits, rtol=1e-4, atol=1e-5)
    for one, other in zip(ours.parameters(), stock.net.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-3)


def test_figures_are_named_by_what_is_read_and_by_whom() -> None:
    found = measure(drawn(BATCH))

    assert {f"training/us/{n}/{p}" for n in ("arcs", "nodes") for p in ("ours", "pyg")} < set(found)
    assert found["training/nodes/arcs"] < found["training/nodes/nodes"]
    assert all(value > 0 for value in found.values())
