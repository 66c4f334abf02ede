"""The package list is written by hand; these tests keep it true."""

import re
import sys
import tomllib
from importlib.metadata import entry_points, requires
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_package_list_is_the_folders_with_an_init() -> None:
    folders = {
        "perceptgraph." + ".".join(init.relative_to(ROOT).parts[:-1])
        for init in ROOT.glob("*/**/__init__.py")
        if not any(part.startswith(".") or part == "build" for part in init.relative_to(ROOT).parts)
    }

    assert folders == set(SETTINGS["tool"]["setuptools"]["packages"])


def test_every_top_folder_is_mapped_and_typed() -> None:
    mapped = SETTINGS["tool"]["setuptools"]["package-dir"]

    assert {f"perceptgraph.{folder}" for folder in mapped.values()} == set(mapped)
    for folder in mapped.values():
        assert (ROOT / folder / "py.typed").exists()
        assert folder in SETTINGS["tool"]["coverage"]["run"]["source"]
        assert f"perceptgraph.{folder}" in SETTINGS["tool"]["importlinter"]["root_packages"]
        assert folder in SETTINGS["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]


def test_console_script_is_installed() -> None:
    (script,) = entry_points(group="console_scripts", name="perceptgraph")

    assert script.value == SETTINGS["project"]["scripts"]["perceptgraph"]


def test_what_the_code_imports_is_declared() -> None:
    graph = grimp.build_graph(
        *SETTINGS["tool"]["importlinter"]["root_packages"], include_external_packages=True
    )
    external = {m for m in graph.modules if graph.is_module_squashed(m)}
    names = {
        "art": "adversarial-robustness-toolbox",
        "cv2": "opencv-python",
        "distributed": "dask",
        "skimage": "scikit-image",
        "yaml": "pyyaml",
        "pynvml": "codecarbon",
    }
    declared = {re.split(r"[^\w.-]", line)[0] for line in requires("perceptgraph") or []}
    needed = {
        names.get(m.split(".")[0], m.split(".")[0].replace("_", "-"))
        for m in external
        if m.split(".")[0] not in sys.stdlib_module_names
    }

    assert needed <= declared


def test_everything_that_is_no_code_is_packed() -> None:
    patterns = SETTINGS["tool"]["setuptools"]["package-data"]["*"]

    for folder in SETTINGS["tool"]["setuptools"]["package-dir"].values():
        files = [p for p in (ROOT / folder).rglob("*") if p.is_file()]
        others = [
            p for p in files if p.suffix != ".py" and not {"results", "__pycache__"} & {*p.parts}
        ]
        lost = [p for p in others if not any(p.match(pattern) for pattern in patterns)]
        assert not lost, f"add to package-data in pyproject.toml: {lost}"
