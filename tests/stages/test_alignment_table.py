from pathlib import Path

import pytest
from graph_samples import write_learnable_store

from perceptgraph.stages.alignment_table import (
    COLUMNS,
    DRAWS,
    OUT,
    Place,
    read_alignment,
    write_alignment,
)
from perceptgraph.stages.data_axes import AXES

PLACES = [Place("randomised_edges", AXES["randomised_edges"](share)) for share in (0.5, 1.0)]


@pytest.fixture
def rung(tmp_path: Path) -> Path:
    write_learnable_store(tmp_path / "graphs.zarr")
    return tmp_path


def test_each_level_has_its_draws_and_the_graphs_as_they_are_one(rung: Path) -> None:
    write_alignment(rung, rung / "ablate_data", PLACES, rung / "landed")
    table = read_alignment(rung / "ablate_data")

    assert tuple(table.columns) == COLUMNS
    assert table["value"].tolist() == [0.0] + [0.5] * DRAWS + [1.0] * DRAWS
    assert table["level"].unique().tolist() == ["as is", *(p.level.name for p in PLACES)]
    assert (table["sam"] >= 0).all()


def test_a_table_of_these_graphs_is_taken_up_and_another_is_not(rung: Path) -> None:
    landed, out = rung / "landed", rung / "ablate_data"
    write_alignment(rung, landed, PLACES, rung / "nothing")
    text = (landed / OUT).read_text().replace("0.5", "0.25")
    (landed / OUT).write_text(text)

    write_alignment(rung, out, PLACES, landed)
    assert (out / OUT).read_text() == text

    write_alignment(rung, out, PLACES[:1], landed)
    assert read_alignment(out)["value"].max() == 0.5


def test_tables_are_the_same_to_the_byte(rung: Path) -> None:
    for name in ("one", "other"):
        write_alignment(rung, rung / name, PLACES, rung / "nothing")

    assert (rung / "one" / OUT).read_bytes() == (rung / "other" / OUT).read_bytes()
