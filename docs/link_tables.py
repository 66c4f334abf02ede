"""Hook of mkdocs: pages that are built reach the tables of results/, which lie beside docs/."""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """All tables as files of the site."""
    root = Path(config.docs_dir).parent
    for table in sorted(root.glob("results/**/*.csv")):
        place = table.relative_to(root).as_posix()
        files.append(File.generated(config, place, abs_src_path=str(table)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Links from docs/ to its neighbour lead to what stands in its place on the site."""
    return markdown.replace("](../results/", "](results/")
