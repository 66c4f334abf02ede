"""Classifiers of nodes against dense matrices, written from the papers' equations."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch_geometric.nn import GCNConv

from perceptgraph.graphs.models.motif_fusion import FUSIONS
from perceptgraph.graphs.models.node_nets import (
    DENSE_ABOVE,
    MLP,
    N_MOTIFS,
    NODE_NETS,
    NodeData,
    NodeGCN,
    NodeH2GCN,
    NodeMotifGCN,
    NodeNet,
    node_data,
)
from perceptgraph.graphs.models.sparse import SparseMatrix

KEYWORDS = {
    "mlp": {"relu": True},
    "gcn": {},
    "h2gcn1": {"relu": True},
    "h2gcn2": {"relu": True},
    "motif_gcn": {"fusion": "channels"},
}


def net_of(name: str, data: NodeData, dropout: float = 0.5) -> NodeNet:
    made, named = NODE_NETS[name]
    torch.manual_seed(0)
    return made(data, hidden=4, dropout=dropout, **named, **KEYWORDS[name])


def a_graph(n: int = 12, n_edges: int = 14, seed: int = 0) -> tuple[NodeData, Tensor]:
    """A graph with an isolated node, and its dense adjacency."""
    rng = np.random.default_rng(seed)
    edges = rng.integers(0, n - 1, (2, n_edges))
    a = torch.zeros(n, n)
    a[edges[0], edges[1]] = 1
    a = torch.maximum(a, a.T).fill_diagonal_(0)
    x = torch.from_numpy(rng.random((n, 5)).astype(np.float32))
    return node_data(x, (n, 5), edges, 3), a


def as_sparse(data: NodeData) -> NodeData:
    """The same graph with sparse features."""
    index = data.x.nonzero().T
    sparse = SparseMatrix(index, data.x[tuple(index)], data.n_nodes)
    return node_data(sparse, (data.n_nodes, data.width), data.one_hop, data.n_classes)


def scaled(a: Tensor) -> Tensor:
    degree = a.sum(1)
    scale = torch.where(degree > 0, degree.clamp(min=1e-9).rsqrt(), 0.0)
    return scale[:, None] * a * scale


def test_gcn_is_the_equation() -> None:
    data, a = a_graph()
    net = NodeGCN(data, hidden=4, dropout=0.5).eval()
    s = scaled(a + torch.eye(len(a)))

    expected = s @ (s @ data.x @ net.embed).relu() @ net.classify.weight.T

    torch.testing.assert_close(net(data), expected)
    assert net.penalised() == [net.embed]


def test_gcn_is_two_layers_of_torch_geometric() -> None:
    data, _ = a_graph(60, 40)
    net = NodeGCN(data, hidden=4, dropout=0.5).eval()
    first, second = GCNConv(5, 4, bias=False), GCNConv(4, 3, bias=False)
    first.lin.weight.data, second.lin.weight.data = net.embed.data.T, net.classify.weight.data
    edges = torch.from_numpy(data.one_hop)

    expected = second(first(data.x, edges).relu(), edges)

    torch.testing.assert_close(net(data), expected)


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize(("n", "n_edges"), [(12, 14), (60, 40)])
def test_h2gcn_is_the_equation(rounds: int, relu: bool, n: int, n_edges: int) -> None:
    data, a = a_graph(n, n_edges)
    net = NodeH2GCN(data, hidden=4, dropout=0.5, rounds=rounds, relu=relu).eval()
    two = ((a @ a > 0) & (a == 0)).float().fill_diagonal_(0)
    kept = [data.x @ net.embed]
    if relu:
        kept[0] = kept[0].relu()
    for _ in range(rounds):
        kept.append(torch.cat([scaled(a) @ kept[-1], scaled(two) @ kept[-1]], 1))

    expected = torch.cat(kept, 1) @ net.classify.weight.T

    torch.testing.assert_close(net(data), expected)
    assert net.classify.in_features == (2 ** (rounds + 1) - 1) * 4

    net.dropout.p = 1e-12
    torch.testing.assert_close(net.train()(data), expected)


@pytest.mark.parametrize("relu", [True, False])
def test_mlp_sees_no_edge(relu: bool) -> None:
    data, _ = a_graph()
    net = MLP(data, hidden=4, dropout=0.5, relu=relu).eval()
    first = data.x @ net.embed

    expected = (first.relu() if relu else first) @ net.classify.weight.T

    torch.testing.assert_close(net(data), expected)


@pytest.mark.parametrize(("n", "n_edges"), [(12, 30), (60, 80)])
def test_motifs_are_triangles_and_wedges_over_their_means(n: int, n_edges: int) -> None:
    data, a = a_graph(n, n_edges)
    common, degree = a @ a, a.sum(1)
    triangle = common * a
    wedge = common * (1 - a) + a * (degree[:, None] + degree - 2 - 2 * common)
    counts = [a, triangle, wedge.fill_diagonal_(0)]
    eye = torch.eye(n)[:, None].expand(-1, N_MOTIFS + 1, -1)

    for found, held, mean in (
        (data.motifs, counts, lambda w: w[w > 0].mean()),
        (data.motifs_on_edges, [w * a for w in counts], lambda w: w[a > 0].mean()),
    ):
        expected = torch.stack([w / mean(w) for w in held], dim=1)
        torch.testing.assert_close(found.spread(eye), expected)
        torch.testing.assert_close(found.degree, expected.sum(2))


@pytest.mark.parametrize("fusion", FUSIONS)
def test_motif_gcn_is_two_fusions(fusion: str) -> None:
    data, _ = a_graph(20, 40)
    net = NodeMotifGCN(data, hidden=4, dropout=0.5, fusion=fusion).eval()
    found = data.motifs_on_edges if fusion == "reweight" else data.motifs

    expected = net.second(net.first(data.x @ net.embed, found).relu(), found)

    torch.testing.assert_close(net(data), expected)


def test_crowded_neighbourhoods_are_dense_and_thin_ones_sparse() -> None:
    crowded, thin = a_graph(12, 40)[0], a_graph(60, 40)[0]

    assert crowded.one_hop.shape[1] > DENSE_ABOVE * 12**2
    assert isinstance(crowded.hop_1, Tensor)
    assert isinstance(thin.hop_1, SparseMatrix)


@pytest.mark.parametrize("name", NODE_NETS)
def test_features_may_be_sparse(name: str) -> None:
    data, _ = a_graph(60, 40)
    net = net_of(name, data).eval()

    torch.testing.assert_close(net(as_sparse(data)), net(data))


def test_gcn_drops_features_too() -> None:
    data = as_sparse(a_graph()[0])
    net = net_of("gcn", data, dropout=1.0).train()

    assert not net(data).any()


@pytest.mark.parametrize("name", NODE_NETS)
def test_a_graph_without_edges_has_finite_gradients(name: str) -> None:
    lonely = node_data(torch.rand(4, 5), (4, 5), np.zeros((2, 0), np.int64), 3)
    net = net_of(name, lonely, dropout=0.0)

    net(lonely).sum().backward()

    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())
