"""A fit that is stopped and starts again ends with the very same network."""

import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from graph_samples import write_learnable_store
from torch.nn import functional

from perceptgraph.graphs.loader import GraphStore
from perceptgraph.graphs.models.features import LIMIT, Standardise
from perceptgraph.graphs.models.fitting import (
    Checkpoint,
    Evaluation,
    Recipe,
    best_of,
    fit,
    is_over,
    logits_of,
)
from perceptgraph.graphs.models.h2gcn import H2GCN

RECIPE = Recipe(16, 60, 10, 100, 1e-2, 1e-4)
CPU = torch.device("cpu")
Curve = list[Evaluation]


class Stopped(Exception):
    """Stands for a kill."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> GraphStore:
    path = tmp_path_factory.mktemp("store") / "graphs.zarr"
    write_learnable_store(path)
    return H2GCN.open(path, {})


def run(
    store: GraphStore,
    checkpoint: Checkpoint | None = None,
    recipe: Recipe = RECIPE,
    stop_after: int = 10**9,
    seed: int = 0,
) -> tuple[H2GCN, Curve]:
    seen: Curve = []

    def count(row: Evaluation) -> None:
        seen.append(row)
        if len(seen) == stop_after:
            raise Stopped

    torch.manual_seed(seed)
    net = H2GCN(store.schema, embedding=8, rounds=2, dropout=0.3)
    train, val = (np.flatnonzero(store.ok & (store.split == i)) for i in (0, 1))
    rng = np.random.default_rng(seed)
    return net, fit(net, store, train, val, rng, recipe, CPU, checkpoint, count)


def assert_same(first: tuple[H2GCN, Curve], second: tuple[H2GCN, Curve]) -> None:
    assert first[1] == second[1]
    for name, tensor in first[0].state_dict().items():
        assert torch.equal(tensor, second[0].state_dict()[name]), name


def test_it_learns_what_only_relations_tell(store: GraphStore) -> None:
    _, history = run(store, recipe=replace(RECIPE, max_steps=200, batch_size=32))

    assert history[best_of(history)].val_accuracy > 0.9


def test_the_same_seed_gives_the_same_network_and_another_seed_another(store: GraphStore) -> None:
    first, again, other = run(store), run(store), run(store, seed=1)

    assert_same(first, again)
    assert first[1] != other[1]


@pytest.mark.parametrize("stop_after", [1, 4])
def test_a_fit_that_is_stopped_ends_as_an_uninterrupted_one(
    store: GraphStore, tmp_path: Path, stop_after: int
) -> None:
    checkpoint = Checkpoint(tmp_path / "state.pt", "key")
    with pytest.raises(Stopped):
        run(store, checkpoint, stop_after=stop_after)

    resumed = run(store, checkpoint)

    assert_same(run(store), resumed)


def test_a_checkpoint_of_another_key_is_not_taken_up(store: GraphStore, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        run(store, Checkpoint(tmp_path / "state.pt", "old"), seed=1, stop_after=2)

    assert_same(run(store), run(store, Checkpoint(tmp_path / "state.pt", "new")))


def test_a_checkpoint_cannot_execute_code(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'executed'}",)

    torch.save({"key": "key", "net": Trap()}, tmp_path / "state.pt")

    with pytest.raises(pickle.UnpicklingError):
        Checkpoint(tmp_path / "state.pt", "key").load(CPU)
    assert not (tmp_path / "executed").exists()


def test_it_ends_with_the_best_weights_and_stops_early(store: GraphStore) -> None:
    recipe = replace(RECIPE, max_steps=2000, patience=3)

    _, history = run(store, recipe=recipe)

    assert history[-1].step < recipe.max_steps
    assert len(history) - 1 - best_of(history) == recipe.patience
    assert is_over(history, recipe)
    assert not is_over(history[:-1], recipe)


def test_without_samples_to_train_on_it_says_so(store: GraphStore) -> None:
    none, some = np.zeros(0, np.int64), np.arange(4)
    net = H2GCN(store.schema, embedding=8, rounds=1, dropout=0.0)

    with pytest.raises(ValueError, match="expected samples to train on, got none"):
        fit(net, store, none, some, np.random.default_rng(0), RECIPE)


def test_without_validation_it_learns_all_steps_and_keeps_the_last_weights(
    store: GraphStore,
) -> None:
    none, some = np.zeros(0, np.int64), np.flatnonzero(store.ok & (store.split == 0))
    recipe = replace(RECIPE, patience=1)

    def fitted(max_steps: int, stop_after: int) -> tuple[H2GCN, Curve]:
        seen: Curve = []
        torch.manual_seed(0)
        net = H2GCN(store.schema, embedding=8, rounds=1, dropout=0.0)
        stopped = replace(recipe, max_steps=max_steps)
        rows = fit(
            net, store, some, none, np.random.default_rng(0), stopped, None, None, seen.append
        )
        assert [row.step for row in seen] == [row.step for row in rows]
        return net, rows[:stop_after]

    net, rows = fitted(60, 6)
    again, _ = fitted(60, 6)
    shorter, _ = fitted(50, 5)

    assert [row.step for row in rows] == [10, 20, 30, 40, 50, 60]
    assert all(np.isnan(row.val_loss) and np.isnan(row.val_accuracy) for row in rows)
    assert best_of(rows) == 5
    assert torch.equal(net.classify.weight, again.classify.weight)
    assert not torch.equal(net.classify.weight, shorter.classify.weight)


KILLED = """
import sys
from pathlib import Path
import numpy as np, torch
from perceptgraph.graphs.models.fitting import Checkpoint, Recipe, fit
from perceptgraph.graphs.models.h2gcn import H2GCN

folder = Path(sys.argv[1])
torch.set_num_threads(1)
store = H2GCN.open(folder / "graphs.zarr", {})
torch.manual_seed(0)
net = H2GCN(store.schema, embedding=8, rounds=2, dropout=0.3)
train, val = (np.flatnonzero(store.ok & (store.split == i)) for i in (0, 1))
recipe = Recipe(16, 300, 10, 1000, 1e-2, 1e-4)
fit(net, store, train, val, np.random.default_rng(0), recipe, None,
    Checkpoint(folder / sys.argv[2] / "state.pt", "key"))
torch.save(net.state_dict(), folder / f"{sys.argv[2]}.pt")
"""


def test_a_killed_process_loses_nothing_that_shows(tmp_path: Path) -> None:
    write_learnable_store(tmp_path / "graphs.zarr", n=120)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}

    def start(name: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), name], env=environment
        )

    assert start("whole").wait(120) == 0
    process = start("killed")
    state, deadline = tmp_path / "killed" / "state.pt", time.monotonic() + 60
    while not state.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    n_before = len(torch.load(state, weights_only=True)["history"])
    assert start("killed").wait(120) == 0

    whole, killed = (
        torch.load(tmp_path / f"{n}.pt", weights_only=True) for n in ("whole", "killed")
    )
    assert 1 <= n_before < 30
    assert all(torch.equal(whole[name], killed[name]) for name in whole)


def test_the_weights_that_are_kept_are_the_best_ones(store: GraphStore) -> None:
    # So fast a descent gets worse again, and the last weights are not the best.
    net, history = run(store, recipe=replace(RECIPE, learning_rate=0.3, max_steps=150))
    best = history[best_of(history)]

    val = np.flatnonzero(store.ok & (store.split == 1))
    label = torch.from_numpy(store.label[val])
    found = logits_of(net, store, val, CPU)

    assert best != history[-1]
    assert best.val_loss == min(row.val_loss for row in history)
    assert float(functional.cross_entropy(found, label)) == best.val_loss
    assert float((found.argmax(1) == label).float().mean()) == best.val_accuracy


def test_a_process_killed_while_it_writes_leaves_the_state_before(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "state.pt", "key")
    checkpoint.save({"history": [1]})
    checkpoint.path.with_suffix(".partial").write_bytes(b"half of a sta")

    state = checkpoint.load(CPU)
    checkpoint.save({"history": [1, 2]})

    assert state == {"key": "key", "history": [1]}
    assert checkpoint.load(CPU) == {"key": "key", "history": [1, 2]}
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


def test_standardised_columns_have_mean_0_and_deviation_1_whatever_the_pieces() -> None:
    values = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)) * 5 + 100
    whole, pieces = Standardise(3), Standardise(3)

    whole.fit([values])
    pieces.fit(values.split(7))

    found = whole(values)
    torch.testing.assert_close(found.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.std(0, correction=0), torch.ones(3))
    torch.testing.assert_close(whole.mean, pieces.mean)
    torch.testing.assert_close(whole.scale, pieces.scale)


def test_missing_values_become_the_mean_and_do_not_change_it() -> None:
    known = torch.tensor([[1.0, 5.0], [3.0, 5.0]])
    nan, inf = float("nan"), float("inf")
    net = Standardise(2)

    net.fit([known, torch.tensor([[nan, nan], [inf, -inf]]), torch.zeros(0, 2)])

    assert net.mean.tolist() == [2.0, 5.0]
    assert net.scale.tolist() == [1.0, 1.0]  # a column that never varies is not divided by 0
    assert net(torch.tensor([[nan, inf], [3.0, 6.0]])).tolist() == [[0.0, 0.0], [1.0, 1.0]]


def test_column_of_missing_values_alone_is_legal() -> None:
    net = Standardise(1)

    net.fit([torch.full((4, 1), float("nan"))])

    assert net(torch.full((4, 1), float("nan"))).tolist() == [[0.0]] * 4


def test_values_far_out_are_cut_off() -> None:
    net = Standardise(1)
    net.fit([torch.tensor([[-1.0], [1.0]])])

    assert net(torch.tensor([[1e30], [-1e30]])).tolist() == [[LIMIT], [-LIMIT]]


def test_a_loss_that_is_no_number_ends_the_fit_with_a_hint(store: GraphStore) -> None:
    with pytest.raises(ValueError, match=r"finite validation loss.*lower train\.learning_rate"):
        run(store, recipe=replace(RECIPE, learning_rate=1e30))
