"""The DAG keeps its promises: deps are complete, stages write exactly their outs.

DVC sees only what a stage declares: an import that is not among its deps would leave stale results
behind, and a file that is not among its outs would be lost or, worse, found again.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import networkx as nx
import pytest
from dvc.repo import Repo
from dvc.stage import PipelineStage
from omegaconf import OmegaConf

from perceptgraph.datasets.catalog import DATASETS
from perceptgraph.graphs.models import MODELS
from perceptgraph.stages.attacks import ATTACKS
from perceptgraph.stages.baselines import BASELINES

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
FOLDERS: dict[str, str] = SETTINGS["package-dir"]
GRIDS = ("ablate_data", "ablate_model", "robustness")
STAGES = ("prepare", "detect", "relate", "train", "evaluate", *GRIDS, "report")
CODE_FOLDERS = (
    *("datasets", "graphs", "stores"),
    *(f"stages/{name}" for name in ("attacks", "baselines", "detectors")),
)
LEDGER = "outputs/ledger.jsonl"
KEPT = ("outputs/shapes/cells/", "outputs/shapes/variants/")
"""Where grids keep what they take up again, outside of their outs."""
TINY = [
    "ladder=[shapes]",
    "models=[set,h2gcn]",
    "prepare.datasets.shapes.train_per_class=3",
    "prepare.datasets.shapes.val_per_class=1",
    "prepare.datasets.shapes.test_per_class=1",
    "train.max_steps=20",
    "study.recipes.shapes.per_class=2",
    "study.recipes.shapes.optimisation.max_steps=5",
    "ablate_data.axes.shapes.images_per_class.small=[1]",
    "dask.mode=sync",
]
# DVC's own use of a trie that is about to change; nothing that we can mend.
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")
EVERY_CELL = [
    "ladder=[shapes,shapes-in-scenes,mnist,ot8,scene15,omniglot,folder]",
    f"models=[{','.join(MODELS)}]",
    f"baselines=[{','.join(BASELINES)}]",
]


def project(folder: Path, overrides: list[str]) -> Path:
    """A folder with dvc.yaml and an altered params.yaml, without git and without code."""
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "dvc.yaml", folder)
    shutil.copy(ROOT / ".dvcignore", folder)
    params = OmegaConf.merge(
        OmegaConf.load(ROOT / "params.yaml"), OmegaConf.from_dotlist(overrides)
    )
    OmegaConf.save(params, folder / "params.yaml")
    for package in FOLDERS.values():
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__py*"))
    return folder


def stages_of(folder: Path) -> list[PipelineStage]:
    """The stages of the project in `folder`, in an order in which they can run."""
    with Repo.init(folder, no_scm=True) as repo:
        return list(nx.topological_sort(repo.index.graph.reverse()))


@pytest.fixture(scope="module")
def every_stage(tmp_path_factory: pytest.TempPathFactory) -> list[PipelineStage]:
    return stages_of(project(tmp_path_factory.mktemp("dag") / "project", EVERY_CELL))


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph(*FOLDERS)


def file_of(module: str) -> str:
    package = next(p for p in FOLDERS if module == p or module.startswith(p + "."))
    inside = module.removeprefix(package).replace(".", "/")
    path = f"{FOLDERS[package]}{inside}"
    return f"{path}/__init__.py" if (ROOT / path).is_dir() else f"{path}.py"


def closure(imports: grimp.ImportGraph, *modules: str) -> set[str]:
    """Files of these modules and of all of ours that they import, directly or not."""
    found = set(modules)
    for module in modules:
        found |= imports.find_upstream_modules(module)
    return {file_of(module) for module in found}


def lazy_modules(stage: PipelineStage) -> list[str]:
    """Modules that the stage's cell reaches through a table that loads them by name."""
    words = shlex.split(stage.cmd)
    if words[2] == "prepare":
        return [target.split(":")[0] for target in DATASETS.values()]
    if words[2] == "train":
        model = words[words.index("--model") + 1]
        return [(MODELS | BASELINES)[model].split(":")[0]]
    if words[2] == "evaluate":
        return [target.split(":")[0] for target in (MODELS | BASELINES).values()]
    if words[2] in GRIDS:
        tables = (DATASETS, MODELS, BASELINES, ATTACKS)
        return [target.split(":")[0] for table in tables for target in table.values()]
    return []


def code_deps(stage: PipelineStage) -> dict[str, set[str]]:
    """Each dep that is code, to its files: itself, or those of a folder of code."""
    deps = {dep.def_path for dep in stage.deps}
    files = {dep: {dep} for dep in deps if dep.endswith(".py")}
    folders = {dep for dep in deps if dep in CODE_FOLDERS}
    return files | {
        dep: {p.relative_to(ROOT).as_posix() for p in (ROOT / dep).rglob("*.py")} for dep in folders
    }


def needed_code(stage: PipelineStage, imports: grimp.ImportGraph) -> set[str]:
    module = f"perceptgraph.stages.{shlex.split(stage.cmd)[2]}"
    return closure(imports, module, *lazy_modules(stage))


def test_every_imported_module_is_a_dep(
    every_stage: list[PipelineStage], imports: grimp.ImportGraph
) -> None:
    for stage in every_stage:
        missing = needed_code(stage, imports).difference(*code_deps(stage).values())

        assert not missing, f"{stage.name}: add to deps in dvc.yaml: {sorted(missing)}"


def test_every_dep_is_imported_by_a_cell_of_its_stage(
    every_stage: list[PipelineStage], imports: grimp.ImportGraph
) -> None:
    needed: dict[str, set[str]] = {}
    for stage in every_stage:
        family = stage.name.partition("@")[0]
        needed[family] = needed.get(family, set()) | needed_code(stage, imports)

    for stage in every_stage:
        by_all = needed[stage.name.partition("@")[0]]
        needless = {dep for dep, files in code_deps(stage).items() if not files & by_all}
        assert not needless, f"{stage.name}: remove from deps in dvc.yaml: {sorted(needless)}"


def test_every_parameter_of_a_stage_invalidates_it(every_stage: list[PipelineStage]) -> None:
    values = OmegaConf.to_container(OmegaConf.load(ROOT / "params.yaml"))
    assert isinstance(values, dict)
    named = {name for stage in every_stage for dep in stage.deps for name in tracked(dep)}

    for section in STAGES:
        if section in named:
            continue
        for key, value in values[section].items():
            path = f"{section}.{key}"
            cells = {f"{path}.{name}" for name in value} if isinstance(value, dict) else {path}
            never = {f"{path}.bsds500"}  # has no classes, so it is on no ladder
            assert path in named or cells - never <= named, path


def tracked(dep: object) -> list[str]:
    return list(getattr(dep, "params", []))


def test_the_dag_stays_small(tmp_path: Path) -> None:
    every_rung = stages_of(project(tmp_path / "project", EVERY_CELL[:1]))

    assert len(every_rung) <= 115  # DVC's own overhead grows faster than linearly


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every stage of a tiny ladder, each run in a folder that holds only its deps."""
    full = project(tmp_path_factory.mktemp("full") / "project", TINY)
    for number, stage in enumerate(stages_of(full)):
        alone = full.parent / f"alone-{number}"
        shutil.copytree(full, alone, ignore=shutil.ignore_patterns(".dvc", "outputs", "report"))
        for dep in stage.deps:
            source, target = full / dep.def_path, alone / dep.def_path
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
        before = files_below(alone)
        run(stage, alone)
        assert written(alone, before) == declared(stage, alone), stage.name
        for out in stage.outs:
            target = full / out.def_path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(alone / out.def_path, target)
        shutil.rmtree(alone)
    return full


def run(stage: PipelineStage, folder: Path) -> None:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        stage.cmd, shell=True, cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{stage.name}: {done.stderr}"


def files_below(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def written(folder: Path, before: set[str]) -> set[str]:
    found = files_below(folder) - before - {LEDGER}
    return {name for name in found if not name.startswith(KEPT)}


def declared(stage: PipelineStage, folder: Path) -> set[str]:
    """Files of the stage's outs; an out that is missing stands for itself."""
    found: set[str] = set()
    for out in stage.outs:
        path = folder / out.def_path
        inside = {f"{out.def_path}/{name}" for name in files_below(path)} if path.is_dir() else None
        found |= {out.def_path} if inside is None else inside
    return found


def test_each_stage_needs_only_its_deps_and_writes_exactly_its_outs(finished: Path) -> None:
    assert (finished / "report/index.html").stat().st_size > 10_000
    assert (finished / "outputs/shapes/metrics.json").exists()
