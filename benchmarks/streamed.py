"""A store that is larger than memory: built, and visited once in random order; time and memory."""

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from perceptgraph.benchmarks.synthetic_graphs import synthetic_store
from perceptgraph.graphs.encoding import relative_pose
from perceptgraph.graphs.shards import batches
from perceptgraph.graphs.streaming import open_samples

BATCH = 64
MEAN_NODES = 18  # as of a digit
MB = 1e6


def peak_mb() -> float:
    """The most memory that this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():  # what the system tells of processes counts the parent's memory too
        lines = (line.split() for line in status.read_text().splitlines())
        return float(next(line[1] for line in lines if line[0] == "VmHWM:")) * 1024 / MB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB


def build(path: Path, n_graphs: int) -> dict[str, float]:
    """Write the store."""
    synthetic_store(path, n_graphs, MEAN_NODES)
    return {"stream/store_mb": sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) / MB}


def visit(path: Path, n_graphs: int) -> dict[str, float]:
    """One epoch of shuffled batches with their poses, whatever the machine's memory."""
    samples = open_samples(path, ram_bytes=0)
    start = time.process_time()
    n_seen = 0
    for indices in islice(batches(samples.shard, BATCH, seed=0), -(-n_graphs // BATCH)):
        batch = samples.batch(indices)
        relative_pose(batch.position, batch.direction, batch.edge_index)
        n_seen += len(batch)
    return {"stream/graphs_per_s/ours": n_seen / (time.process_time() - start)}


def _metered(
    work: Callable[[Path, int], dict[str, float]], path: Path, n_graphs: int
) -> dict[str, float]:
    before, start = peak_mb(), time.process_time()
    found = work(path, n_graphs)
    name = work.__name__
    return {
        **found,
        "stream/imports_mb": before,
        f"stream/{name}_cpu_s/ours": time.process_time() - start,
        f"stream/{name}_peak_mb/ours": peak_mb(),
    }


def measure(n_graphs: int) -> dict[str, float]:
    """Seconds and peak memory of each step, each in a process of its own."""
    figures: dict[str, float] = {"stream/graphs": n_graphs}
    with tempfile.TemporaryDirectory() as folder:
        for work in (build, visit):
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                figures |= pool.apply(_metered, (work, Path(folder) / "graphs.zarr", n_graphs))
    return figures
