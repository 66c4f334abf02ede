import os
import socket
from collections.abc import Callable, Iterator

import pytest
from worker_tasks import dies_at_three, page_faults, process_of, refuses_two, square, threads

from perceptgraph.pipelines.parallel import (
    ADDRESS_VARIABLE,
    ClusterError,
    DaskParams,
    open_mapper,
)
from perceptgraph.stages.params import ParamsError
from perceptgraph.stores.mapper import Mapper, TaskFailure, serial
from perceptgraph.stores.status import BadImage, Status

LOCAL = DaskParams(
    mode="local",
    workers=2,
    address=None,
    memory_limit="auto",
    connect_timeout_s=30.0,
    deaths_allowed=1,
)


@pytest.fixture(autouse=True)
def no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)


@pytest.fixture(scope="module")
def mapper() -> Iterator[Mapper]:
    with open_mapper(LOCAL) as opened:
        yield opened


def test_results_come_in_the_order_of_the_items(mapper: Mapper) -> None:
    assert mapper(square, range(20)) == [n * n for n in range(20)]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_scheduler_elsewhere_gives_the_same_results(workers: int) -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
    ) as cluster:
        params = LOCAL.model_copy(update={"mode": "address", "address": cluster.scheduler_address})
        with open_mapper(params) as opened:
            assert opened(square, range(20)) == [n * n for n in range(20)]


def test_no_workers_at_all_end_the_run() -> None:
    import dask
    from distributed import LocalCluster

    # Seconds, where a run has a minute: nobody waits that long for a test.
    with (
        dask.config.set({"distributed.scheduler.no-workers-timeout": "1s"}),
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as cluster,
    ):
        params = LOCAL.model_copy(update={"mode": "address", "address": cluster.scheduler_address})
        with open_mapper(params) as opened:
            cluster.scale(0)
            with pytest.raises(ClusterError, match="no worker process"):
                opened(square, range(3))


def test_no_items_give_no_results(mapper: Mapper) -> None:
    assert mapper(square, []) == []


def test_work_is_done_in_other_processes(mapper: Mapper) -> None:
    assert os.getpid() not in mapper(process_of, range(4))


def test_a_task_that_kills_its_process_is_a_failure_and_the_others_go_on(mapper: Mapper) -> None:
    found = mapper(dies_at_three, range(8))

    # A scheduler blames what waited in the dead process too; stores.parts tries those again alone.
    assert isinstance(found[3], TaskFailure)
    assert all(f == n or isinstance(f, TaskFailure) for n, f in enumerate(found))
    assert mapper(dies_at_three, [0, 1]) == [0, 1]


def test_an_exception_of_a_task_is_raised_here(mapper: Mapper) -> None:
    with pytest.raises(BadImage, match="cut off") as caught:
        mapper(refuses_two, range(4))

    assert caught.value.status is Status.CORRUPT
    assert mapper(square, [3]) == [9]


def test_libraries_in_workers_keep_to_one_thread(mapper: Mapper) -> None:
    assert mapper(threads, [0, 1]) == [(1, 1), (1, 1)]


def test_memory_is_kept_for_what_comes_next(mapper: Mapper) -> None:
    assert max(mapper(page_faults, [0, 1])) < 5_000  # of the 50,000 if each array came anew


def test_mode_sync_is_here_and_now() -> None:
    with open_mapper(LOCAL.model_copy(update={"mode": "sync"})) as opened:
        assert opened is serial


def test_mode_address_needs_an_address() -> None:
    with (
        pytest.raises(ParamsError, match=ADDRESS_VARIABLE),
        open_mapper(LOCAL.model_copy(update={"mode": "address"})),
    ):
        pass


def _unused_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{free.getsockname()[1]}"


def _by_params(address: str, monkeypatch: pytest.MonkeyPatch) -> DaskParams:
    return LOCAL.model_copy(
        update={"mode": "address", "address": address, "connect_timeout_s": 0.5}
    )


def _by_environment(address: str, monkeypatch: pytest.MonkeyPatch) -> DaskParams:
    monkeypatch.setenv(ADDRESS_VARIABLE, address)
    return LOCAL.model_copy(update={"connect_timeout_s": 0.5})


@pytest.mark.parametrize("chosen", [_by_params, _by_environment])
def test_a_scheduler_out_of_reach_is_named(
    chosen: Callable[[str, pytest.MonkeyPatch], DaskParams], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = _unused_address()

    with (
        pytest.raises(ClusterError, match=address),
        open_mapper(chosen(address, monkeypatch)),
    ):
        pass
