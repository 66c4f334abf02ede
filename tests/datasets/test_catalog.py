"""The table of data sets, and files that come over a network."""

import hashlib
import inspect
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from perceptgraph.datasets import catalog
from perceptgraph.datasets.catalog import DATASETS, DataFile, MissingData, locate, opener


@pytest.mark.parametrize("name", DATASETS)
def test_a_data_set_is_opened_with_keywords_only(name: str) -> None:
    parameters = inspect.signature(opener(name)).parameters.values()

    assert all(p.kind is p.KEYWORD_ONLY for p in parameters)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing on the terminal of the tests."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a site that serves `tmp_path/site`; the cache of downloads is empty."""
    (tmp_path / "site").mkdir()
    monkeypatch.delenv("PERCEPTGRAPH_DATA", raising=False)
    monkeypatch.setattr(catalog, "cache_folder", lambda: tmp_path / "cache")
    handler = partial(Quiet, directory=str(tmp_path / "site"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_file_is_downloaded_once_and_checked(site: str, tmp_path: Path) -> None:
    (tmp_path / "site/x.bin").write_bytes(b"content")
    file = DataFile("set/x.bin", f"{site}/x.bin", hashlib.sha256(b"content").hexdigest())

    path = locate(file)
    (tmp_path / "site/x.bin").unlink()

    assert path == tmp_path / "cache/set/x.bin"
    assert locate(file).read_bytes() == b"content"


def test_a_download_with_another_content_is_refused(site: str, tmp_path: Path) -> None:
    (tmp_path / "site/x.bin").write_bytes(b"tampered")
    file = DataFile("set/x.bin", f"{site}/x.bin", hashlib.sha256(b"content").hexdigest())

    with pytest.raises(MissingData, match="download failed"):
        locate(file)
    assert not (tmp_path / "cache/set/x.bin").exists()


def test_a_page_is_not_taken_for_the_file(site: str, tmp_path: Path) -> None:
    (tmp_path / "site/page.html").write_bytes(b"<html>")
    page = DataFile("set/x.zip", f"{site}/page.html", "0" * 64, is_direct=False)

    with pytest.raises(MissingData, match=r"set/x\.zip .*page\.html.*not set") as caught:
        locate(page)
    assert "download failed" not in str(caught.value)
