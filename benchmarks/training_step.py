"""CPU time of a training step of the relative-pose net on digits, beside torch_geometric's layers.

Both learn the same net from the same batches of 64 graphs, one thread; the stock one passes its
messages through `MessagePassing` and pools with `global_add_pool` and `global_max_pool`. CPU time
is what other work on the machine disturbs least; rounds of the two alternate.
"""

import copy
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.nn import MessagePassing, global_add_pool, global_max_pool

from perceptgraph.datasets.mnist import open_mnist
from perceptgraph.graphs.frames import NODE_KINDS
from perceptgraph.graphs.loader import GraphBatch, GraphSchema, GraphStore, graphs_in_memory
from perceptgraph.graphs.models.features import of_kinds
from perceptgraph.graphs.models.fitting import KEPT_BYTES
from perceptgraph.graphs.models.messages import Round
from perceptgraph.graphs.models.poses import seen, slots
from perceptgraph.graphs.models.relative_pose import RelativePoseNet, meaning
from perceptgraph.stages import detect, relate

BATCH, ROUNDS = 64, 5
READS = {"arcs": ("arc",), "nodes": NODE_KINDS}
"""What is measured: pieces of contours and their relations alone, or all nodes and relations."""
NET = {"hidden": 32, "rounds": 3, "dropout": 0.1, "pose": "absolute", "waves": 2, "harmonics": 2}


class StockRound(MessagePassing):  # type: ignore[misc]
    """A round of messages whose edges end where they are heard, with the layers of another."""

    def __init__(self, one: Round) -> None:
        super().__init__(aggr=["mean", "max"], flow="target_to_source")
        self.one = one

    def forward(self, nodes: Tensor, edges: Tensor, kind: Tensor, said: Tensor) -> Tensor:
        """Embeddings (N, D) from those before, edges (2, E), their slots (E,), poses (E, 7)."""
        one = self.one
        ends = {"here": one.here(nodes), "there": one.there(nodes)}
        heard = self.propagate(edges, **ends, said=one.pose(said), slot=one.kind(kind))
        update = one.update(torch.cat([nodes, heard], dim=1)).relu()
        normed: Tensor = one.norm(nodes + update)
        return normed

    def message(self, here_i: Tensor, there_j: Tensor, said: Tensor, slot: Tensor) -> Tensor:
        """Messages (E, D)."""
        return (here_i + there_j + said + slot).relu()


class StockNet(nn.Module):
    """The same net with the same weights, in torch_geometric's layers."""

    def __init__(self, net: RelativePoseNet) -> None:
        super().__init__()
        self.net = copy.deepcopy(net)
        self.rounds = nn.ModuleList(StockRound(cast("Round", one)) for one in self.net.rounds)

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        batch = of_kinds(batch, self.net.kinds)
        kind, said, n = slots(batch), seen(batch), len(batch)
        kept = [self.net.embed(self.net.inputs(batch))]
        for one in self.rounds:
            kept.append(one(kept[-1], batch.edge_index, kind, said))
        nodes, weight = torch.cat(kept, dim=1), meaning(batch)[:, None]
        total = global_add_pool(weight, batch.batch, n).clamp(min=1)
        mean = global_add_pool(nodes * weight, batch.batch, n) / total
        size = batch.ptr.diff()[:, None].log1p()
        pooled = torch.cat([mean, global_max_pool(nodes, batch.batch, n), size], dim=1)
        logits: Tensor = self.net.classify(self.net.dropout(pooled))
        return logits


def digit_graphs(n_images: int, find: detect.Recipe, connect: relate.Recipe) -> GraphStore:
    """Graphs of the first training digits of MNIST.

    Raises
    ------
    MissingData
        Where MNIST cannot be had.
    """
    digits = open_mnist(val_from=50_000)
    samples = [digits.read(i) for i in range(n_images)]
    graphs = [relate.relate_one(find.find(s.pixels), s.label, connect, 0) for s in samples]
    schema = GraphSchema(tuple(connect.relations), tuple(digits.class_names))
    return graphs_in_memory(graphs, schema)


def measure(store: GraphStore) -> dict[str, float]:
    """Microseconds a graph, forth and back: `training/us/<nodes read>/<ours or pyg>`.

    Each is the best of some rounds over all batches of the store. `training/params/<nodes read>`
    is the number of learned parameters, `training/nodes` and `training/edges` are those of a graph
    in the mean.
    """
    starts = range(0, len(store) - BATCH + 1, BATCH)
    batches = [store.batch(np.arange(i, i + BATCH)) for i in starts]
    np.empty(KEPT_BYTES, np.uint8)  # as before a fit
    figures: dict[str, float] = {}
    for name, kinds in READS.items():
        torch.manual_seed(0)
        ours = RelativePoseNet(store.schema, kinds=kinds, **NET)  # type: ignore[arg-type]
        ours.prepare(batches)
        works = {"ours": step_of(ours, batches), "pyg": step_of(StockNet(ours), batches)}
        best = dict.fromkeys(works, np.inf)
        for _ in range(ROUNDS):
            for peer, work in works.items():
                start = time.process_time()
                work()
                best[peer] = min(best[peer], time.process_time() - start)
        for peer, seconds in best.items():
            figures[f"training/us/{name}/{peer}"] = 1e6 * seconds / (BATCH * len(batches))
        read = [of_kinds(batch, kinds) for batch in batches]
        n_graphs = BATCH * len(batches)
        figures[f"training/nodes/{name}"] = sum(len(b.kind) for b in read) / n_graphs
        figures[f"training/edges/{name}"] = sum(b.edge_index.shape[1] for b in read) / n_graphs
        figures[f"training/params/{name}"] = sum(p.numel() for p in ours.parameters())
    return figures


def step_of(net: Any, batches: Sequence[GraphBatch]) -> Callable[[], None]:
    """What takes the loss of each batch, and its derivatives."""

    def step() -> None:
        for batch in batches:
            net.zero_grad()
            loss = functional.cross_entropy(net.logits(batch), batch.label)
            loss.backward()  # type: ignore[no-untyped-call]

    step()
    return step
