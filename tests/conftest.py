"""What holds for all tests."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Time on a shared machine is no property of the code.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium of the system; without one tests are skipped, but fail in CI."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        reason = "no chromium on the PATH: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open a file in the browser, without a network.

    Fails at the end where the page asked for another file or met an error.
    """
    trouble: list[str] = []
    pages: list[Any] = []

    def opened(path: Path, **settings: Any) -> Any:
        page = chromium.new_page(offline=True, **settings)
        pages.append(page)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda message: trouble.append(message.text))
        allowed = ("data:", path.resolve().as_uri())
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(allowed) else trouble.append(asked.url),
        )
        page.goto(path.resolve().as_uri())
        return page

    yield opened
    for page in pages:
        page.close()
    assert trouble == []
