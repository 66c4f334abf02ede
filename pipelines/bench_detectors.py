"""Command `bench detectors`: our detectors beside their peers, suite by suite."""

from collections.abc import Sequence
from pathlib import Path

import cv2

from perceptgraph.benchmarks.line_truth import TRUTH_OFFSETS
from perceptgraph.benchmarks.suites import SUITES, Settings
from perceptgraph.pipelines.bench import look_in, run_suites
from perceptgraph.stages.params import ParamsError, check_choices


def bench_detectors(
    suites: Sequence[str],
    data: Path | None,
    n_images: int | None,
    truth_offsets: Sequence[str],
    json_out: Path | None,
) -> None:
    """Measure the suites, all of them if none is named; print a table of each, write all figures.

    Raises
    ------
    ParamsError
        An unknown suite or kind of truth, or an offset that is no number.
    MissingData
        `data` is no folder, or a suite that was named lacks its data.
    """
    settings = Settings(data, n_images, offsets_of(truth_offsets))
    look_in(data)
    cv2.setNumThreads(1)
    run_suites(suites, SUITES, settings, json_out)


def offsets_of(given: Sequence[str]) -> dict[str, float]:
    """Offsets by kind of truth from "kind=pixels", the others as measured."""
    offsets = dict(TRUTH_OFFSETS)
    for text in given:
        kind, _, value = text.partition("=")
        check_choices("truth-offset", [kind], TRUTH_OFFSETS)
        try:
            offsets[kind] = float(value)
        except ValueError as error:
            raise ParamsError(f"truth-offset: expected {kind}=pixels, got {text!r}") from error
    return offsets
