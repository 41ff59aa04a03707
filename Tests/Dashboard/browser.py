"""A browser that notes what goes wrong in the page, takes pictures, and has pages checked for accessibility."""

import re
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


class Browser:
    def __init__(self, address: str, pictures: Path):
        self.address, self.pictures = address, pictures
        pictures.mkdir(parents=True, exist_ok=True)
        self.faults: list[str] = []
        self.refusals = 0
        self.received = 0

    def __enter__(self):
        self.playwright = sync_playwright().start()
        self.chromium = self.playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        self.context = self.chromium.new_context(viewport=DESKTOP, color_scheme="light", accept_downloads=True)
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.faults.append(f"{error}\n{error.stack}"))
        network = self.context.new_cdp_session(self.page)
        network.send("Network.enable")
        network.on("Network.loadingFinished", lambda event: self._count(event["encodedDataLength"]))
        return self

    def __exit__(self, *_):
        self.chromium.close()
        self.playwright.stop()

    def _count(self, length: float) -> None:
        self.received += length

    def _note(self, message) -> None:
        # The browser itself reports every refused request; those that a step asks for are counted there.
        if message.type == "error" and not (self.refusals and "Failed to load resource" in message.text):
            self.faults.append(f"{message.text} {message.location.get('url')}")

    @contextmanager
    def refusal(self):
        """What happens inside is refused by the service, or finds none."""
        self.refusals += 1
        yield
        self.page.wait_for_timeout(100)
        self.refusals -= 1

    def open(self, hash: str, heading: str | None = None) -> Page:
        self.page.evaluate("hash => { location.hash = hash }", hash)
        if heading:
            expect(self.page.get_by_role("heading", level=1)).to_contain_text(heading)
        return self.page

    def theme(self, scheme: str) -> None:
        self.page.emulate_media(color_scheme=scheme)
        self.page.wait_for_timeout(150)

    def inspect(self, name: str) -> None:
        """Pictures in light, dark and at the width of a phone, each checked."""
        for scheme in ["light", "dark"]:
            self.theme(scheme)
            self.picture(f"{name}-{scheme}")
            grave = [
                f"{violation['id']}: {violation['help']}: {[node['html'][:160] for node in violation['nodes'][:3]]}"
                for violation in Axe().run(self.page).response["violations"]
                if violation["impact"] in ("serious", "critical")
            ]
            assert not grave, f"{name}, {scheme}: " + "\n".join(grave)
        self.theme("light")
        self.page.set_viewport_size(PHONE)
        self.page.wait_for_timeout(200)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        self.picture(f"{name}-phone")
        self.page.set_viewport_size(DESKTOP)
        assert width <= PHONE["width"], f"{name} is {width} pixels wide on a phone"

    def picture(self, name: str) -> None:
        self.page.screenshot(path=self.pictures / f"{name}.png", full_page=True)

    def number(self, selector: str, pattern: str) -> float:
        """A number in the text of an element."""
        match = re.search(pattern, self.page.locator(selector).inner_text())
        return float(match[1].replace(",", "")) if match else float("nan")

    def download(self, button) -> str:
        with self.page.expect_download() as download:
            button.click()
        return Path(download.value.path()).read_text()
