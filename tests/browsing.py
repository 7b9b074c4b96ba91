"""Debian's Chromium for tests that look at what people see."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from conftest import needed

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def browser_page() -> Iterator[Any]:
    """A page; no request of it may leave this machine."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        needed("Chromium", FileNotFoundError("chromium"))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=QUIET)
        opened = browser.new_page(viewport={"width": 1400, "height": 900})
        strangers: list[str] = []
        opened.on("request", lambda each: strangers.append(each.url) if "127.0.0.1" not in each.url else None)
        yield opened
        browser.close()

        assert strangers == []
