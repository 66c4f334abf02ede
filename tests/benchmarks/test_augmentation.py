from perceptgraph.benchmarks.augmentation import measure
from perceptgraph.graphs.augment import AUGMENTATIONS


def test_every_augmentation_is_timed_on_digits() -> None:
    figures = measure(20)

    names = {f"augment/us/{name}/ours" for name in (*AUGMENTATIONS, "together")}
    assert set(figures) == {*names, "augment/nodes"}
    assert 10 < figures["augment/nodes"] < 30
    assert all(value > 0 for value in figures.values())
