"""Suite `stores` of `bench graphs`: stores of real images, built by one worker and by two."""

import json
import tempfile
import time
from pathlib import Path

import numpy as np

from perceptgraph.datasets.catalog import MissingData
from perceptgraph.datasets.image_set import open_images
from perceptgraph.graphs.store import open_graphs
from perceptgraph.pipelines.running import run_stage
from perceptgraph.stages.detect import IMAGES
from perceptgraph.stages.relate import OUT
from perceptgraph.stores.ragged import stack, write_store

SETS = ("mnist", "scene15")
WORKERS = (1, 2)
STEPS = ("detect", "relate")
WARM = 4  # images that let a worker compile before the clock runs
SYNC, LOCAL = "dask.mode=sync", "dask.mode=local"


def measure(n_images: int | None, params: Path) -> dict[str, float]:
    """Seconds to build the stores of SETS, and what a graph takes beside the image's pixels.

    `n_images` of each set, evenly spaced; all of them for None. Sets that are not there are left
    out; MissingData if none is.
    """
    figures: dict[str, float] = {}
    missing: list[str] = []
    for name in SETS:
        try:
            figures |= of_set(name, n_images, params)
        except MissingData as error:
            missing.append(str(error))
    if not figures:
        raise MissingData("; ".join(missing))
    return figures


def of_set(name: str, n_images: int | None, params: Path) -> dict[str, float]:
    """The figures of one data set."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        run_stage("prepare", dataset=name, overrides=[SYNC], params_path=params, outputs=whole)
        images = whole / name / IMAGES
        n = min(n_images or len(open_images(images)), len(open_images(images)))
        warm = Path(folder) / "warm"
        thin(images, warm / name / IMAGES, WARM)
        build(name, warm, params, [SYNC])
        figures = {f"build/{name}/images": float(n)}
        digests = set()
        for workers in WORKERS:
            root = Path(folder) / str(workers)
            thin(images, root / name / IMAGES, n)
            spent, cpu_s = build(name, root, params, [LOCAL, f"dask.workers={workers}"])
            digests.add(open_graphs(root / name / OUT).digest)
            figures[f"build/{name}/s/workers{workers}"] = spent
            figures[f"build/{name}/cpu_s/workers{workers}"] = cpu_s
        first, last = (figures[f"build/{name}/s/workers{n}"] for n in WORKERS)
        figures[f"build/{name}/speedup"] = first / last
        figures[f"build/{name}/same_bytes"] = float(len(digests) == 1)
        return figures | sizes(name, root / name)


def thin(images: Path, out: Path, n: int) -> None:
    """A store of `n` of the images at `images`, evenly spaced."""
    store = open_images(images)
    some = set(np.linspace(0, len(store) - 1, n).astype(np.int64).tolist())
    every = enumerate(store.block().records())  # read at once: one by one takes far longer
    block = stack(store.layout, [record for i, record in every if i in some])
    own = ("format", "version", "n_images", "digest", "schema")
    out.parent.mkdir(parents=True)
    kept = {k: v for k, v in store.attributes.items() if k not in own}
    write_store(out, store.layout, [block.read], kept)


def build(name: str, outputs: Path, params: Path, overrides: list[str]) -> tuple[float, float]:
    """Seconds and CPU-seconds of the stages that make graphs of images."""
    start = time.perf_counter()
    for step in STEPS:
        run_stage(step, dataset=name, overrides=overrides, params_path=params, outputs=outputs)
    spent = time.perf_counter() - start
    records = [json.loads((outputs / name / "energy" / f"{s}.json").read_text()) for s in STEPS]
    return spent, sum(r["cpu_s_self"] + r["cpu_s_children"] for r in records)


def sizes(name: str, root: Path) -> dict[str, float]:
    """Bytes per image of the pixels, of images.zarr and of graphs.zarr; nodes and edges."""
    images, graphs = open_images(root / IMAGES), open_graphs(root / OUT)
    pixels = np.dtype(images.layout.columns["pixel/value"].dtype).itemsize
    return {
        f"store/bytes_per_graph/{name}": on_disk(root / OUT) / len(graphs),
        f"store/bytes_per_stored_image/{name}": on_disk(root / IMAGES) / len(images),
        f"store/bytes_of_pixels/{name}": pixels * images.offsets("pixel")[-1] / len(images),
        f"store/nodes_per_graph/{name}": graphs.offsets("node")[-1] / len(graphs),
        f"store/edges_per_graph/{name}": graphs.offsets("edge")[-1] / len(graphs),
    }


def on_disk(store: Path) -> int:
    """Bytes of all files of a store."""
    return sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
