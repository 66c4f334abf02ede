"""One-shot runs: who is in them, and what is scored."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from graph_samples import SCHEMA, random_graphs

from perceptgraph.benchmarks import one_shot
from perceptgraph.benchmarks.few_shot import Costs
from perceptgraph.benchmarks.one_shot import Episode, figures_of, measure, outcome_of, simulated
from perceptgraph.datasets.image_set import EXAMPLE, QUERY
from perceptgraph.graphs.frames import ATTRIBUTES
from perceptgraph.graphs.loader import GraphStore, graphs_in_memory
from perceptgraph.graphs.models import fitting
from perceptgraph.graphs.models.kernel import KernelRidge
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.stages import train
from perceptgraph.stages.few_shot_runs import Params, Run, runs_of

PARAMS = Path(__file__).parents[2] / "params.yaml"


def names(alphabets: int, characters: int, drawers: int) -> tuple[str, ...]:
    return tuple(
        f"images_background/Alphabet{a}/character{c:02d}/{a}{c}_{d:02d}.png"
        for a in range(alphabets)
        for c in range(characters)
        for d in range(1, drawers + 1)
    )


def runs(label: str, draws: int) -> list[Run]:
    values = load_params(PARAMS, [])
    recipe = section_of(values, "few_shot", Params).recipe("omniglot")
    return runs_of(recipe, section_of(values, "train", train.Params), [label], [], draws)


def graphs(n: int) -> GraphStore:
    """Random graphs, of which each and the next but `n` are the same."""
    half = random_graphs(0, n)
    for number, graph in enumerate(half):
        length = np.random.default_rng(number).uniform(1, 6, len(graph.frames))
        graph.frames.attributes[:, list(ATTRIBUTES).index("length")] = length
    return graphs_in_memory([*half, *half], SCHEMA)


def test_simulated_runs_are_of_one_alphabet_and_two_drawers() -> None:
    image_id = ("runs/run01/test/item01.png", *names(3, 25, 4), *names(1, 5, 4))

    episodes = [simulated(image_id, number) for number in range(4)]

    for episode in episodes:
        shown = [image_id[i].split("/")[1:] for i in episode.examples]
        asked = [image_id[i].split("/")[1:] for i in episode.queries]
        assert len({alphabet for alphabet, _, _ in [*shown, *asked]}) == 1
        assert [c for _, c, _ in shown] == [c for _, c, _ in asked]
        assert len({c for _, c, _ in shown}) == one_shot.WAYS
        (one,), (other,) = ({d[-6:] for _, _, d in drawings} for drawings in (shown, asked))
        assert one != other
    again = simulated(image_id, 2)
    np.testing.assert_array_equal(again.examples, episodes[2].examples)
    assert len({tuple(episode.examples) for episode in episodes}) > 1


def test_small_alphabets_alone_are_refused() -> None:
    with pytest.raises(ValueError, match="background alphabet of 20 characters"):
        simulated(names(2, 19, 3), 0)


def test_official_runs_are_those_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {
        "episode/run": np.array([-1, 0, 0, 0, 0, 1, 1]),
        "episode/role": np.array([-1, EXAMPLE, QUERY, EXAMPLE, QUERY, QUERY, EXAMPLE]),
        "episode/class": np.array([-1, 1, 1, 0, 1, 0, 0]),
    }

    class Store:
        def column(self, name: str) -> np.ndarray:
            return columns[name]

    monkeypatch.setattr(one_shot, "open_images", lambda _: Store())

    first, second = one_shot.official(Path("omniglot"))

    assert first.examples.tolist() == [3, 1]
    assert first.queries.tolist() == [2, 4]
    assert first.answers.tolist() == [1, 1]
    assert (second.examples.tolist(), second.queries.tolist()) == ([6], [5])
    columns = dict.fromkeys(columns, np.array([-1, -1]))
    with pytest.raises(ValueError, match="expected the images of one-shot runs"):
        one_shot.official(Path("omniglot"))


@pytest.mark.parametrize("label", ["matching", "kernel"])
def test_copies_of_the_examples_are_known_again(label: str) -> None:
    samples = graphs(8)
    (run,) = runs(label, 1)
    keywords = dict(run.setting.keywords) | {"kinds": ["line", "arc"]}
    if label == "kernel":
        keywords["copies"] = 0
    setting = replace(run.setting, keywords=keywords, augmentation={})
    episode = Episode(np.arange(8), np.arange(8, 16), np.arange(8))

    found = outcome_of(episode, samples, setting, 0)

    assert found.accuracy >= 75.0
    assert found.images == 16
    assert found.macs > 0
    assert found.parameters > 0
    assert outcome_of(episode, samples, setting, 0).accuracy == found.accuracy


def test_models_are_not_told_the_labels_of_the_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = graphs(8)
    (run,) = runs("kernel", 1)
    seen = []
    fit = fitting.fit

    def spied(net: object, seen_samples: GraphStore, *rest: object, **named: object) -> object:
        seen.append(seen_samples.label.copy())
        return fit(net, seen_samples, *rest, **named)

    monkeypatch.setattr(fitting, "fit", spied)
    setting = replace(
        run.setting,
        keywords=dict(run.setting.keywords) | {"kinds": ["line"], "copies": 0},
        augmentation={},
    )

    outcome_of(Episode(np.arange(8), np.arange(8, 16), np.arange(8)), samples, setting, 0)

    assert seen[0].tolist() == [*range(8), *[-1] * 8]


def test_figures_come_label_by_label(monkeypatch: pytest.MonkeyPatch) -> None:
    episodes = [Episode(np.arange(8), np.arange(8, 16), np.arange(8))] * 2
    monkeypatch.setattr(one_shot, "official", lambda _: episodes)
    monkeypatch.setattr(KernelRidge, "open", lambda *_: graphs(8))
    costs = Costs({"graphs.zarr": 0.5}, 4.0)
    few = runs("kernel", 3)  # the third run is not there
    few = [
        replace(
            run,
            setting=replace(
                run.setting,
                keywords=dict(run.setting.keywords) | {"kinds": ["line"], "copies": 0},
                augmentation={},
            ),
        )
        for run in few
    ]

    (figures,) = measure(Path("omniglot"), few, costs)

    assert set(figures) == {
        f"omniglot/oneshot/kernel/{name}"
        for name in ("accuracy", "sd", "params", "macs", "cpu_s", "joules")
    }
    assert figures["omniglot/oneshot/kernel/cpu_s"] > 16 * 0.5
    assert figures["omniglot/oneshot/kernel/joules"] == pytest.approx(
        4 * figures["omniglot/oneshot/kernel/cpu_s"]
    )


def test_figures_are_means_over_the_runs() -> None:
    outcomes = [one_shot.Outcome(a, 10, 5.0, 40, s) for a, s in ((80, 1.0), (90, 3.0), (100, 2.0))]

    found = figures_of("matching", outcomes, extraction_s=0.1, watts=2.0)

    want = {"accuracy": 90, "sd": 10, "params": 10, "macs": 5, "cpu_s": 6, "joules": 12}
    assert found == pytest.approx({f"omniglot/oneshot/matching/{k}": v for k, v in want.items()})
