"""What the control says: whether models that see no relations stay where they should."""

import math

from perceptgraph.stages.report_facts import Metrics, Result

CONTROLS = ("segment_set", "set")
"""Models without edges; the first sees segments alone, the second every primitive."""
SURE = 2.0  # standard errors: about 1 in 20 differences of chance alone is larger


def control_sentences(metrics: Metrics) -> list[str]:
    """Sentences on the models without relations, and on what relations add.

    The standard error of a difference takes the two models as independent. They are tested on the
    same images, so their errors go together and the true one is smaller: a careful side to err on.
    """
    sentences = [
        _beside_rate(name, metrics.models[name], metrics)
        for name in CONTROLS
        if name in metrics.models
    ]
    relational = {
        name: result
        for name, result in metrics.models.items()
        if result.reads == "graphs" and name not in CONTROLS
    }
    if not relational:
        return [*sentences, "No relational model was evaluated, so relations are not judged."]
    best = max(relational, key=lambda name: relational[name].accuracy)
    return sentences + [
        _difference(best, relational[best], name, metrics.models[name])
        for name in CONTROLS
        if name in metrics.models
    ]


def _beside_rate(name: str, result: Result, metrics: Metrics) -> str:
    what = "segments only, no relations" if name == "segment_set" else "all primitives, no edges"
    reached = f"{name} ({what}) reaches {100 * result.accuracy:.1f} %"
    if metrics.group_rate is None:
        return f"{reached}; chance is {100 * metrics.chance:.1f} %."
    gap = result.accuracy - metrics.group_rate
    rate = f"the group rate of {100 * metrics.group_rate:.1f} %"
    if abs(gap) <= SURE * result.accuracy_se:
        return f"{reached}: it stays at {rate}, as a model blind to relations should."
    if gap < 0:
        return f"{reached}: it stays below {rate}."
    leak = (
        "; what it sees of single segments tells some classes of a group apart"
        if name == "segment_set"
        else "; the branches of junctions are relations in disguise, and it sees them"
    )
    return f"{reached}: {100 * gap:.1f} points above {rate}{leak}."


def _difference(best: str, result: Result, control: str, other: Result) -> str:
    gap = result.accuracy - other.accuracy
    error = math.hypot(result.accuracy_se, other.accuracy_se)
    figures = f"{100 * gap:+.1f} ± {100 * error:.1f} points"
    if gap > SURE * error:
        return f"The best relational model, {best}, is clearly above {control} ({figures})."
    if gap < -SURE * error:
        return f"The best relational model, {best}, is clearly below {control} ({figures})."
    return f"The best relational model, {best}, cannot be told from {control} ({figures})."
