"""What the control says: whether models that see no relations stay where they should."""

import math
from dataclasses import dataclass

from perceptgraph.stages.report_facts import Metrics
from perceptgraph.stages.report_words import percent, points

CONTROLS = ("segment_set", "set")
"""Models without edges; the first sees segments alone, the second every primitive."""
SEES_INSTEAD = {
    "invariant": "sees how all nodes lie to each other",
    "kernel": "compares whole pictures",
    "distilled": "compares whole pictures",
    "matching": "lays pictures onto pictures",
    "fisher": "sees what is near each node",
}
"""What other models see that read no edges of the graph."""
SURE = 2.0  # standard errors: about 1 in 20 differences of chance alone is larger


@dataclass(frozen=True, slots=True)
class Score:
    """Accuracy of a model and its standard error."""

    model: str
    accuracy: float
    error: float


def control_sentences(metrics: Metrics) -> list[str]:
    """Sentences on the controls, and on what relations, or what a model sees instead, add.

    The standard error of a difference takes the two models as independent. They are tested on the
    same images, so their errors go together and the true one is smaller: a careful side to err on.
    """
    scores = {
        name: Score(name, result.accuracy, result.accuracy_se)
        for name, result in metrics.models.items()
        if result.accuracy is not None and result.accuracy_se is not None
    }
    controls = [scores[name] for name in CONTROLS if name in scores]
    others = [
        score
        for name, score in scores.items()
        if metrics.models[name].reads == "graphs" and name not in CONTROLS
    ]
    sentences = [_beside_rate(control, metrics) for control in controls]
    if not others:
        return [*sentences, "No relational model was evaluated, so relations are not judged."]
    # Every one of them, not the best one: to choose by the test images would flatter it.
    return sentences + [_difference(score, control) for score in others for control in controls]


def _beside_rate(score: Score, metrics: Metrics) -> str:
    segments = score.model == "segment_set"
    what = "segments only, no relations" if segments else "all primitives, no edges"
    reached = f"{score.model} ({what}) reaches {percent(score.accuracy)}"
    if metrics.group_rate is None:
        return f"{reached}; chance is {percent(metrics.chance)}."
    gap = score.accuracy - metrics.group_rate
    rate = f"the group rate of {percent(metrics.group_rate)}"
    if abs(gap) <= SURE * score.error:
        return f"{reached}: it stays at {rate}, as a model blind to relations should."
    if gap < 0:
        return f"{reached}: it stays below {rate}."
    leak = (
        "what it sees of single segments tells some classes of a group apart"
        if segments
        else "the branches of junctions are relations in disguise, and it sees them"
    )
    return f"{reached}: {points(gap)} points above {rate}; {leak}."


def _difference(score: Score, control: Score) -> str:
    gap = score.accuracy - control.accuracy
    error = math.hypot(score.error, control.error)
    seen = SEES_INSTEAD.get(score.model, "sees relations")
    relation = "cannot be told from"
    if abs(gap) > SURE * error:
        relation = "is clearly above" if gap > 0 else "is clearly below"
    return (
        f"{score.model}, which {seen}, {relation} {control.model} "
        f"({'+' if gap >= 0 else ''}{points(gap)} ± {points(error)} points)."
    )
