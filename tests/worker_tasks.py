"""Tasks for the processes of Dask, which import them by name: no test module can be so imported."""

import os
import signal

from perceptgraph.pipelines.parallel import one_thread
from perceptgraph.stores.status import BadImage, Status


def square(n: int) -> int:
    return n * n


def process_of(n: int) -> int:
    return os.getpid()


def dies_at_three(n: int) -> int:
    if n == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def refuses_two(n: int) -> int:
    if n == 2:
        raise BadImage(Status.CORRUPT, "cut off")
    return n


def threads(n: int) -> tuple[int, int]:
    import cv2
    import torch

    one_thread()  # as each task begins, with libraries loaded by an earlier one
    return cv2.getNumThreads(), torch.get_num_threads()


def page_faults(n: int) -> int:
    """Of fifty arrays of 4 MB, one after the other, once there was such a one."""
    import resource

    import numpy as np

    counts = []
    for repeats in (1, 50):
        for _ in range(repeats):
            np.ones(500_000)
        counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
    return counts[1] - counts[0]
