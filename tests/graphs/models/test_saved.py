"""What is wrong with the folder of a model is said in words, and none of its files is executed."""

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from graph_samples import SCHEMA

from perceptgraph.graphs.models import MODELS
from perceptgraph.graphs.models.saved import (
    ABOUT,
    VERSION,
    WEIGHTS,
    About,
    ModelError,
    classifier_of,
    load_model,
    n_parameters,
    read_about,
    save_model,
)

KEYWORDS: dict[str, dict[str, Any]] = {
    "set": {"hidden": 4, "dropout": 0.0},
    "h2gcn": {"embedding": 4, "rounds": 1, "dropout": 0.0},
}


def saved(folder: Path, name: str = "h2gcn") -> Path:
    folder.mkdir()
    torch.manual_seed(0)
    net = classifier_of(name, MODELS)(SCHEMA, **KEYWORDS[name])
    save_model(folder, net, About(name, KEYWORDS[name], SCHEMA.facts(), n_parameters(net), 7))
    return folder


def edited(folder: Path, **values: Any) -> Path:
    """The folder with other values in its JSON; those that are None are taken out."""
    path = folder / ABOUT
    both = json.loads(path.read_text()) | values
    path.write_text(json.dumps({k: v for k, v in both.items() if v is not None}))
    return folder


def test_folder_holds_weights_and_what_they_are(tmp_path: Path) -> None:
    folder = saved(tmp_path / "h2gcn")

    net, about = load_model(folder, MODELS)

    assert sorted(path.name for path in folder.iterdir()) == [ABOUT, WEIGHTS]
    assert about == read_about(folder)
    assert (about.model, about.keywords, about.steps) == ("h2gcn", KEYWORDS["h2gcn"], 7)
    assert about.parameters == n_parameters(net)
    assert not net.training


def test_same_model_is_saved_as_the_same_bytes(tmp_path: Path) -> None:
    first, again = saved(tmp_path / "a"), saved(tmp_path / "b")

    for name in (ABOUT, WEIGHTS):
        assert (first / name).read_bytes() == (again / name).read_bytes()


def without_folder(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def cut_weights(folder: Path) -> None:
    path = folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:-20])


def cut_header(folder: Path) -> None:
    path = folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:30])


def weights_of_another(folder: Path) -> None:
    other = saved(folder.with_name("other"), "set")
    (other / WEIGHTS).replace(folder / WEIGHTS)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(
            without_folder, r"expected a trained model, found no model\.json", id="folder"
        ),
        pytest.param(
            lambda f: (f / ABOUT).unlink(), r"outputs/shapes/models/h2gcn", id="no description"
        ),
        pytest.param(
            lambda f: (f / ABOUT).write_text("{"), r"model\.json: expected JSON", id="cut"
        ),
        pytest.param(
            lambda f: (f / ABOUT).write_bytes(b"\xff\xfe\x00"), r"expected JSON", id="not text"
        ),
        pytest.param(lambda f: (f / ABOUT).write_text("[1]"), r"expected format", id="a list"),
        pytest.param(
            lambda f: (f / ABOUT).write_text('{"name": "app"}'), r"expected format", id="foreign"
        ),
        pytest.param(
            lambda f: edited(f, version=VERSION + 1),
            rf"version {VERSION + 1}, this code reads version {VERSION}; train the model again",
            id="version",
        ),
        pytest.param(lambda f: edited(f, steps=None), r"expected the keys .*'steps'", id="key"),
        pytest.param(lambda f: edited(f, model="vgg"), r"no model 'vgg'; known are set", id="name"),
        pytest.param(
            lambda f: (f / WEIGHTS).unlink(), r"expected weights of h2gcn", id="no weights"
        ),
        pytest.param(cut_weights, r"expected weights of h2gcn", id="weights cut off"),
        pytest.param(cut_header, r"expected weights of h2gcn", id="header cut off"),
        pytest.param(
            lambda f: (f / WEIGHTS).write_bytes(b""), r"expected weights of h2gcn", id="empty"
        ),
        pytest.param(weights_of_another, r"expected weights of h2gcn.*found others", id="of a set"),
        pytest.param(
            lambda f: edited(f, keywords=KEYWORDS["h2gcn"] | {"embedding": 5}),
            r"expected weights of h2gcn",
            id="another size",
        ),
        pytest.param(
            lambda f: edited(f, keywords={"hidden": 3}), r"expected weights of h2gcn", id="keywords"
        ),
        pytest.param(
            lambda f: edited(f, keywords=KEYWORDS["h2gcn"] | {"left_out": ["inwards"]}),
            r"expected weights of h2gcn.*left_out",
            id="value of a keyword",
        ),
        pytest.param(lambda f: edited(f, facts={}), r"expected weights of h2gcn", id="no facts"),
    ],
)
def test_damage_is_told(damage: Callable[[Path], Any], message: str, tmp_path: Path) -> None:
    folder = saved(tmp_path / "h2gcn")
    damage(folder)

    with pytest.raises(ModelError, match=f"(?s)h2gcn.*{message}"):
        load_model(folder, MODELS)


class Trap:
    """Unpickled, it leaves a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("name", [ABOUT, WEIGHTS])
@pytest.mark.parametrize("writer", ["pickle", "torch"])
def test_pickle_in_place_of_a_file_is_not_executed(name: str, writer: str, tmp_path: Path) -> None:
    folder, sprung = saved(tmp_path / "h2gcn"), tmp_path / "sprung"
    if writer == "pickle":
        (folder / name).write_bytes(pickle.dumps(Trap(sprung)))
    else:
        torch.save({"embed.weight": Trap(sprung)}, folder / name)

    with pytest.raises(ModelError):
        load_model(folder, MODELS)

    assert not sprung.exists()
    pickle.loads(pickle.dumps(Trap(sprung)))
    assert sprung.exists()  # the trap works
