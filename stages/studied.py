"""All tables of studies of one data set, read and set side by side."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from perceptgraph.stages import comparisons, tables
from perceptgraph.stages.alignment_table import OUT as ALIGNMENT
from perceptgraph.stages.alignment_table import read_alignment
from perceptgraph.stages.report_facts import STUDY_STAGES
from perceptgraph.stages.study_figures import study_looks
from perceptgraph.stages.study_panels import Look
from perceptgraph.stages.study_reading import study_view
from perceptgraph.stages.study_views import StudyView
from perceptgraph.stages.target_views import Target, read_targets, target_views
from perceptgraph.stages.verdicts import verdicts


@dataclass(frozen=True, slots=True)
class Studied:
    """What lies below the folder of a data set."""

    dataset: str
    studies: tuple[StudyView, ...]
    """Of the stages that have run, in order."""
    target_table: pd.DataFrame | None
    """What target accuracies cost."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was measured."""
        return not self.studies and self.target_table is None

    @property
    def n_cells(self) -> int:
        """Places of all tables, seeds taken together."""
        return sum(study.n_cells for study in self.studies)

    @property
    def targets(self) -> list[Target]:
        """The cheapest ways to target accuracies."""
        return [] if self.target_table is None else target_views(self.target_table)

    @property
    def looks(self) -> dict[str, Look]:
        """How all who were measured are drawn."""
        return study_looks(self.studies, self.targets)


def read_studied(root: Path) -> Studied:
    """Tables below the folder of a data set; of stages that have not run there is nothing."""
    studies = (_read_study(root / stage) for stage in STUDY_STAGES)
    return Studied(root.name, tuple(s for s in studies if s is not None), read_targets(root))


def _read_study(folder: Path) -> StudyView | None:
    """Tables of `<set>/<stage>` and their statistics."""
    if not (folder / tables.RESULTS).exists():
        return None
    table, costs = tables.read_results(folder), tables.read_costs(folder)
    compared = comparisons.compared(table)
    return study_view(
        folder.parent.name,
        folder.name,
        table,
        costs,
        comparisons.accuracies(table),
        compared,
        verdicts(table, compared),
        read_alignment(folder) if (folder / ALIGNMENT).exists() else None,
    )
