"""Dask as a Mapper: on the cores of this machine, or on a cluster with an address."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from perceptgraph.stages.params import ParamsError
from perceptgraph.stores.mapper import Item, Mapper, Result, TaskFailure, serial

ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"
NO_WORKERS_S = 60
"""Seconds without any process to work in, after which mode "local" gives up."""
MALLOC = {"MALLOC_TRIM_THRESHOLD_": 2**28, "MALLOC_MMAP_THRESHOLD_": 2**25}
"""Bytes of memory that the C library keeps for later; Dask's own setting hands everything above
64 KiB back at once, and training then spends two fifths of its time on page faults."""


class DaskParams(BaseModel):
    """Section `dask` of params.yaml; it changes where work is done and never what comes out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["local", "address", "sync"]
    """Processes on this machine; a scheduler elsewhere; here, one after the other."""
    workers: int | None = Field(ge=1)
    """Processes of mode "local"; null for one per core."""
    address: str | None
    """Of the scheduler of mode "address"; null for the one that DASK_SCHEDULER_ADDRESS names."""
    memory_limit: str
    """Of each process of mode "local"; "auto" for an equal share of the machine's memory."""
    connect_timeout_s: float = Field(gt=0)
    deaths_allowed: int = Field(ge=0)
    """Processes that one task may kill before it is given up."""


class ClusterError(ConnectionError):
    """The Dask scheduler cannot be reached, or its workers cannot do our work."""


def one_thread() -> None:
    """Keep OpenCV and torch to one thread each; Dask sees to the other libraries.

    Two processes with two threads each on two cores are many times slower than one thread each.
    """
    os.environ["OPENCV_FOR_THREADS_NUM"] = "1"
    os.environ["OMP_NUM_THREADS"] = "1"
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(1)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@contextmanager
def open_mapper(params: DaskParams, describe: str = "") -> Iterator[Mapper]:
    """A Mapper for the length of a stage; `describe` names it beside the progress bar."""
    one_thread()
    address = params.address or os.environ.get(ADDRESS_VARIABLE)
    if params.mode == "address" and not address:
        raise ParamsError(
            f"dask.address: expected the address of a scheduler, found neither it nor "
            f"{ADDRESS_VARIABLE}; set one, or dask.mode to local"
        )
    if params.mode == "sync":
        yield serial
    elif params.mode == "address" or os.environ.get(ADDRESS_VARIABLE):
        with _client(address, params) as client:
            yield _DaskMapper(client, describe)
    else:
        with _local_client(params) as client:
            yield _DaskMapper(client, describe)


@contextmanager
def _client(address: Any, params: DaskParams) -> Iterator[Any]:
    import dask
    from distributed import Client

    with dask.config.set({"distributed.scheduler.allowed-failures": params.deaths_allowed}):
        try:
            client = Client(address, timeout=params.connect_timeout_s, set_as_default=False)
        except OSError as error:
            raise ClusterError(
                f"dask: no scheduler at {address} within {params.connect_timeout_s} s; start it, "
                "or set dask.mode to local"
            ) from error
        try:
            failed = {w: found for w, found in client.run(_ready).items() if found is not True}
            if failed:
                raise ClusterError(f"dask: workers without perceptgraph: {sorted(failed)}")
            yield client
        finally:
            client.close()


@contextmanager
def _local_client(params: DaskParams) -> Iterator[Any]:
    import dask
    from distributed import LocalCluster

    workers = params.workers or os.cpu_count() or 1
    # Restarts of workers are told on stderr at length; what matters comes back with the results.
    for name in ("scheduler", "client", "nanny", "worker"):
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)
    settings = {
        # The same for the workers: a heartbeat that comes after the end is no error.
        "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical",
        **{f"distributed.nanny.pre-spawn-environ.{name}": n for name, n in MALLOC.items()},
        "distributed.scheduler.allowed-failures": params.deaths_allowed,
        "distributed.worker.daemon": True,
        "distributed.worker.preload": [__name__],
        # Without it a run whose workers are all gone for good would wait for ever.
        "distributed.scheduler.no-workers-timeout": f"{NO_WORKERS_S}s",
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=params.memory_limit,
            processes=True,
            # None would still open port 8787, and warn where another run has it.
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
        ) as cluster,
        _client(cluster, params) as client,
    ):
        yield client


def dask_setup(worker: Any) -> None:
    """Run by Dask in each of our workers: Ctrl-C reaches them too, but it is for the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _ready() -> bool:
    """Run in each worker: perceptgraph is there, and keeps to one thread."""
    from importlib.util import find_spec

    one_thread()
    return find_spec("perceptgraph.stages") is not None


class _DaskMapper:
    """Tasks over a client; results in the order of the items, progress as they come."""

    def __init__(self, client: Any, describe: str) -> None:
        self._client = client
        self._describe = describe

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> list[Result | TaskFailure]:
        from distributed import KilledWorker, as_completed
        from distributed.scheduler import NoWorkerError
        from tqdm import tqdm

        tasks = [self._client.submit(_alone, function, item, pure=False) for item in items]
        place = {task.key: i for i, task in enumerate(tasks)}
        found: dict[int, Result | TaskFailure] = {}
        bar = tqdm(
            total=len(tasks), desc=self._describe, unit="part", disable=None, file=sys.stderr
        )
        try:
            with bar:
                for task in as_completed(tasks, loop=self._client.loop):
                    try:
                        found[place[task.key]] = task.result()
                    except KilledWorker:
                        found[place[task.key]] = TaskFailure("the process that worked on it died")
                    except NoWorkerError as error:
                        raise ClusterError(
                            f"dask: no worker process for {NO_WORKERS_S} s; finished parts are "
                            "kept, start again to go on"
                        ) from error
                    bar.update()
        finally:
            self._client.cancel(tasks)
        return [found[i] for i in range(len(tasks))]


def _alone(function: Callable[[Item], Result], item: Item) -> Result:
    one_thread()
    return function(item)
