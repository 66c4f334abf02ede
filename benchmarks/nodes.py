"""Node classification as in the papers, to see whether our H2GCN and GCN are the published ones.

The search of H2GCN's authors [1]_: every setting of the grid is trained on each split; the setting
with the highest mean validation accuracy is kept, and its test accuracy is reported as mean and
standard deviation over the splits. Within a training, the weights of the best validation accuracy
are kept.

References
----------
.. [1] J. Zhu et al., "Beyond homophily in graph neural networks: current limitations and effective
       designs", NeurIPS 2020.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from perceptgraph.datasets.node_graphs import NodeGraph
from perceptgraph.graphs.models.node_nets import NODE_NETS, NodeData, node_data

LEARNING_RATE = 0.01
HIDDEN = 64
SPARSE_BELOW = 0.1
"""Share of features that differ from 0 below which a sparse product is the faster one."""

GRIDS: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "mlp": {"dropout": (0.0, 0.5), "l2": (1e-5, 5e-4)},
    "gcn": {"dropout": (0.0, 0.5), "l2": (1e-5, 5e-4)},
    "h2gcn1": {"dropout": (0.0, 0.5), "l2": (1e-5, 5e-4), "relu": (True, False)},
    "h2gcn2": {"dropout": (0.0, 0.5), "l2": (1e-5, 5e-4), "relu": (True, False)},
}
"""Model to what is searched; h2gcn1 and h2gcn2 together are the paper's 16 settings."""

PUBLISHED: Mapping[str, Mapping[str, float]] = {
    "texas": {"h2gcn1": 84.86, "h2gcn2": 82.16, "gcn": 59.46, "mlp": 81.89},
    "wisconsin": {"h2gcn1": 86.67, "h2gcn2": 85.88, "gcn": 59.80, "mlp": 85.29},
    "film": {"h2gcn1": 35.86, "h2gcn2": 35.62, "gcn": 30.26, "mlp": 35.76},
    "squirrel": {"h2gcn1": 36.42, "h2gcn2": 37.90, "gcn": 36.89, "mlp": 29.68},
    "chameleon": {"h2gcn1": 57.11, "h2gcn2": 59.39, "gcn": 59.82, "mlp": 46.36},
    "cornell": {"h2gcn1": 82.16, "h2gcn2": 82.16, "gcn": 57.03, "mlp": 81.08},
    "cora_full": {"h2gcn1": 68.13, "h2gcn2": 69.05, "gcn": 68.39, "mlp": 58.76},
    "citeseer": {"h2gcn1": 77.07, "h2gcn2": 76.88, "gcn": 76.68, "mlp": 72.41},
    "pubmed": {"h2gcn1": 89.40, "h2gcn2": 89.59, "gcn": 87.38, "mlp": 86.65},
    "cora": {"h2gcn1": 86.92, "h2gcn2": 87.81, "gcn": 87.28, "mlp": 74.75},
}
"""Mean test accuracies of the H2GCN paper over Geom-GCN's splits, in percent."""
SAME_GRAPH = {"actor": "film"}


@dataclass(frozen=True, slots=True)
class Budget:
    """How long one training may take."""

    epochs: int = 500
    patience: int = 100
    """Epochs without a better validation accuracy after which it stops."""


@dataclass(frozen=True, slots=True)
class Score:
    """Test accuracies of the setting that validation chose."""

    setting: Mapping[str, Any]
    test: tuple[float, ...]
    """In percent, one for each split."""

    @property
    def mean(self) -> float:
        """Over the splits."""
        return float(np.mean(self.test))

    @property
    def sd(self) -> float:
        """Over the splits; 0 for one split."""
        return float(np.std(self.test, ddof=min(1, len(self.test) - 1)))


def settings_of(model: str) -> list[dict[str, Any]]:
    """All settings of a model's grid."""
    grid = GRIDS[model]
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def prepared(graph: NodeGraph) -> NodeData:
    """The graph with L1-normalised features as tensors."""
    total = np.asarray(graph.features.sum(axis=1)).ravel()
    scale = np.where(total > 0, 1 / np.where(total > 0, total, 1), 0)
    rows = np.repeat(scale, np.diff(graph.features.indptr))
    x = graph.features.copy()
    x.data = (x.data * rows).astype(np.float32)
    n, width = x.shape
    if x.nnz < SPARSE_BELOW * n * width:
        ordered = x.tocoo()
        index = torch.from_numpy(np.stack([ordered.row, ordered.col]).astype(np.int64))
        features = torch.sparse_coo_tensor(
            index, torch.from_numpy(ordered.data), (n, width), check_invariants=False
        ).coalesce()
    else:
        features = torch.from_numpy(x.toarray())
    return node_data(features, graph.edges, int(graph.label.max()) + 1)


def fit_one(
    net: nn.Module,
    data: NodeData,
    label: Tensor,
    masks: Mapping[str, Tensor],
    l2: float,
    budget: Budget,
) -> tuple[float, float]:
    """Best validation accuracy, and the test accuracy of those weights; in percent."""
    optimiser = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE, weight_decay=l2)
    train = masks["train"]
    best, best_key, waited = net.state_dict(), (-1.0, 0.0), 0
    for _ in range(budget.epochs):
        net.train()
        optimiser.zero_grad()
        functional.cross_entropy(net(data)[train], label[train]).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        logits = _logits(net, data)
        val = logits[masks["val"]], label[masks["val"]]
        key = (_accuracy(*val), -float(functional.cross_entropy(*val)))
        waited = 0 if key[0] > best_key[0] else waited + 1
        if key > best_key:
            best, best_key = copy.deepcopy(net.state_dict()), key
        if waited >= budget.patience:
            break
    net.load_state_dict(best)
    return best_key[0], _accuracy(_logits(net, data)[masks["test"]], label[masks["test"]])


def _logits(net: nn.Module, data: NodeData) -> Tensor:
    net.eval()
    with torch.inference_mode():
        logits: Tensor = net(data)
    return logits


def _accuracy(logits: Tensor, label: Tensor) -> float:
    return 100 * float((logits.argmax(1) == label).float().mean())


def search(
    graph: NodeGraph,
    model: str,
    budget: Budget,
    seed: int = 0,
    on_training: Callable[[], object] = lambda: None,
) -> Score:
    """Score of the setting of the highest mean validation accuracy.

    Every training starts from weights that are a function of the seed, the split and the setting.
    """
    data, label = prepared(graph), torch.from_numpy(graph.label)
    n_splits = len(graph.splits["train"])
    made, named = NODE_NETS[model]
    scores = []
    for number, setting in enumerate(settings_of(model)):
        keywords = {k: v for k, v in setting.items() if k != "l2"}
        found = []
        for split in range(n_splits):
            torch.manual_seed(int(np.random.default_rng([seed, number, split]).integers(2**62)))
            net = made(data, hidden=HIDDEN, **named, **keywords)
            masks = {p: torch.from_numpy(m[split]) for p, m in graph.splits.items()}
            found.append(fit_one(net, data, label, masks, setting["l2"], budget))
            on_training()
        val, test = zip(*found, strict=True)
        scores.append((float(np.mean(val)), Score(setting, tuple(test))))
    return max(scores, key=lambda pair: pair[0])[1]


def figures_of(graph: str, model: str, score: Score) -> dict[str, float]:
    """Flat figures of one search, the published one beside them where there is one."""
    figures = {f"{graph}/{model}/mean": score.mean, f"{graph}/{model}/sd": score.sd}
    published = PUBLISHED.get(SAME_GRAPH.get(graph, graph), {})
    if model in published:
        figures[f"{graph}/{model}/published"] = published[model]
    return figures
