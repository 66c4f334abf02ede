"""Data cards and model cards: what a data set or a trained model is, from its files."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from perceptgraph.stages.report_control import CONTROLS
from perceptgraph.stages.report_facts import Rung
from perceptgraph.stages.report_templates import rendered


def write_cards(rungs: Sequence[Rung], folder: Path) -> None:
    """Write `<rung>.md` and `<rung>-<model>.md` of all that ran; cards of older runs go."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for rung in rungs:
        if rung.images is not None:
            card = rendered(
                "data_card.md.jinja",
                rung=rung,
                images=rung.images,
                params=_json(rung.images.params),
            )
            (folder / f"{rung.name}.md").write_text(card, encoding="utf-8")
        for model in rung.models:
            result = rung.result(model)
            saved = rung.folder / "models" / model / "model.json"
            if result is None and not saved.exists():
                continue
            card = rendered(
                "model_card.md.jinja",
                rung=rung,
                model=model,
                result=result,
                record=rung.energy[f"train-{model}"],
                is_control=model in CONTROLS,
                is_baseline=model in rung.baselines,
                saved=_json(json.loads(saved.read_text())) if saved.exists() else None,
            )
            (folder / f"{rung.name}-{model}.md").write_text(card, encoding="utf-8")


def _json(values: Any) -> str:
    return json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False)
