#!/usr/bin/env python3
"""Goes through the dashboard as someone who trains a model would, on a service of its own that is killed on the way.

    walk.py --limbic PROGRAM --data DIRECTORY --pictures DIRECTORY

The data are train.npz, valid.npz, test.npz and meta.json. Looks at what is on the screen, not at what the service says.
"""

import argparse
import re
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect

from browser import Browser
from service import Service

ROOT = Path(__file__).parents[2]
FIRST_VIEW_BYTES = 300_000
started = time.monotonic()


def step(text: str) -> None:
    print(f"{time.monotonic() - started:6.1f} s  {text}", flush=True)


def enter(page, key: str) -> None:
    page.locator("input[type=password]").fill(key)
    page.get_by_role("button", name="Sign in").click()


def sign_in(browser: Browser, service: Service) -> None:
    step("the first view")
    page = browser.page
    begin = time.monotonic()
    page.goto(service.address)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    seconds = time.monotonic() - begin
    browser.inspect("sign-in")
    with browser.refusal():
        enter(page, "lk_wrong")
        expect(page.get_by_role("alert").first).to_contain_text("no such key")
        expect(page.get_by_role("alert").first).to_contain_text("limbic key create")
    enter(page, service.key)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Jobs")
    expect(page.locator("#access")).to_have_text("key for admin")
    expect(page.locator("main")).to_contain_text("No job yet")
    step(f"until the list of jobs came {browser.received / 1000:.0f} KB, of which the first page was seen after {seconds:.2f} s")
    assert browser.received < FIRST_VIEW_BYTES


def upload(browser: Browser, data: Path) -> None:
    step("a data set")
    page = browser.open("#/datasets", "Data sets")
    expect(page.locator("main")).to_contain_text("No data set yet")
    browser.inspect("datasets-empty")
    files = page.locator("input[type=file]").first
    with browser.refusal():
        broken = [{"name": "train.npz", "mimeType": "application/x-npz", "buffer": b"no archive"}]
        files.set_input_files(broken)
        page.get_by_label("Name").fill("broken")
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("alert").first).to_be_visible()
        expect(page.locator("li", has_text="train.npz").last).to_contain_text("refused")
    files.set_input_files([data / name for name in ["train.npz", "valid.npz", "test.npz", "meta.json"]])
    page.get_by_label("Name").fill("walk")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("walk", timeout=60_000)
    expect(page.locator(".badge").first).to_have_text("ready")
    rows = page.get_by_role("group", name="Share of the clips that a label occurs in").locator("tbody tr")
    assert rows.count() > 1 and "%" in rows.first.inner_text()
    page.get_by_role("combobox", name="Split").select_option("test")
    expect(page.get_by_role("group", name="Labels that come together").locator("tbody tr")).to_have_count(rows.count())
    browser.inspect("dataset")


def train(browser: Browser, service: Service) -> str:
    step("a job")
    page = browser.page
    page.get_by_role("link", name="Train on it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("New job")
    page.get_by_role("button", name="Small and quick").click()
    page.get_by_label("dropout", exact=True).fill("2")
    with browser.refusal():
        page.get_by_role("button", name="Start the job").click()
        expect(page.locator(".field .fault:not(:empty)")).to_have_count(1)
    page.get_by_label("dropout", exact=True).fill("")
    page.get_by_label("epochs", exact=True).fill("40")
    page.locator("details", has_text="Checkpoints, and early stopping").locator("summary").click()
    page.get_by_label("every_steps", exact=True).fill("10")
    browser.inspect("submit")
    page.get_by_role("button", name="Start the job").click()
    expect(page.locator(".badge").first).to_have_text("running", timeout=30_000)
    job = page.url.split("/")[-1].split("?")[0]

    step("curves move")
    expect(page.locator("figure.panel canvas").first).to_be_visible()
    for _ in range(3):
        shown = re.search(r"Step [\d,]+ of", page.locator("#progress").inner_text())[0]
        expect(page.locator("#progress")).not_to_contain_text(shown, timeout=15_000)
    before = page.locator("figure.panel canvas").nth(1).screenshot()
    page.wait_for_timeout(2500)
    assert page.locator("figure.panel canvas").nth(1).screenshot() != before, "the curve did not move"

    step("the service is killed and comes back")
    reached = browser.number("#progress", r"Step ([\d,]+) of")
    with browser.refusal():
        service.kill()
        expect(page.locator("#offline")).to_be_visible()
        browser.picture("job-offline")
        service.start()
        expect(page.locator("#offline")).to_be_hidden(timeout=20_000)
        expect(page.locator("[data-sequence]").first).to_be_visible()
    page.wait_for_function("reached => Number(document.getElementById('progress').innerText.match(/Step ([\\d,]+)/)[1].replace(',', '')) > reached", arg=reached, timeout=60_000)
    browser.picture("job-running")
    expect(page.locator(".badge").first).to_have_text("succeeded", timeout=120_000)
    expect(page.get_by_role("status").filter(has_text="over")).to_be_visible()
    numbers = [int(value) for value in page.locator("[data-sequence]").evaluate_all("all => all.map(one => one.dataset.sequence)")]
    assert numbers == list(range(len(numbers), 0, -1)), f"events are missing: {numbers}"
    lines = browser.download(page.get_by_role("button", name="Download Recognition loss as CSV")).strip().split("\n")[1:]
    steps = [int(line.split(",")[-4]) for line in lines]
    assert steps == list(range(1, len(steps) + 1)) and len(steps) > reached, "steps are missing in the curve"
    expect(page.get_by_role("heading", name="Result at the best epoch")).to_be_visible()
    browser.inspect("job")
    return job


def promote(browser: Browser) -> None:
    step("a checkpoint becomes a version")
    page = browser.page
    page.get_by_role("button", name=re.compile("^Promote the weights of step")).first.click()
    expect(page.locator("#toasts")).to_contain_text("version 2")
    expect(page.locator("dl.facts").first).to_contain_text("(of step")


def compare(browser: Browser, job: str) -> None:
    step("two jobs in the same charts")
    page = browser.page
    page.get_by_role("link", name="Clone with changes").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("New job like")
    assert page.get_by_label("epochs", exact=True).input_value() == "40"
    page.get_by_label("seed", exact=True).fill("2")
    page.get_by_role("button", name="Start the job").click()
    expect(page.locator(".badge").first).to_have_text("succeeded", timeout=120_000)
    other = page.url.split("/")[-1].split("?")[0]
    page.get_by_label("Compare with").select_option(job)
    expect(page.locator(".legend li")).to_have_count(2)
    rows = page.get_by_role("group", name="Best and last values").locator("tbody tr")
    expect(rows).to_have_count(2)
    page.get_by_label("x axis").select_option("epoch")
    page.get_by_label("Smoothing").fill("0.6")
    page.wait_for_url(re.compile("smooth=0.6"))
    page.reload()
    expect(page.locator(".legend li")).to_have_count(2)
    assert page.get_by_label("x axis").input_value() == "epoch" and page.get_by_label("Smoothing").input_value() == "0.6"
    picture = browser.download(page.get_by_role("button", name="Download Recognition loss as SVG"))
    assert "seed 0" in picture and "seed 2" in picture and picture.count("<path") > 4
    page.get_by_label("one band per configuration").check()
    expect(page.locator(".legend li")).to_have_text([re.compile("2 seeds")])
    band = browser.download(page.get_by_role("button", name="Download Validation miF1 as CSV"))
    assert float(band.strip().split("\n")[-1].split(",")[-1]) > 0, "the band has no width"
    browser.inspect("job-compared")
    browser.open("#/jobs", "Jobs")
    boxes = page.get_by_role("checkbox", name=re.compile("^Compare"))
    expect(boxes).to_have_count(2)
    for box in boxes.all():
        box.check()
    browser.inspect("jobs")
    page.get_by_role("link", name="Compare 2 jobs").click()
    expect(page.locator(".legend li")).to_have_count(2)
    expect(page.get_by_role("link", name=re.compile("seed 2")).first).to_have_attribute("href", f"#/jobs/{other}")


def models(browser: Browser) -> None:
    step("models")
    page = browser.open("#/models", "Models")
    expect(page.get_by_role("link", name="emo", exact=True)).to_be_visible()
    browser.inspect("models")
    browser.open("#/models/emo", "emo")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_role("region", name="Aliases")).to_contain_text("@default")
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_role("group", name=re.compile("^On .* clips of the split"))).to_contain_text("miF1", timeout=60_000)
    expect(page.get_by_role("img", name=re.compile("^ROC of version")).first).to_be_visible()
    browser.inspect("model")
    browser.open("#/models/emo/1", "version 1")
    expect(page.get_by_role("group", name=re.compile("^Over all labels"))).to_contain_text("tuned")
    browser.inspect("version")


def predict(browser: Browser, data: Path) -> None:
    step("a prediction, with and without a modality")
    page = browser.open("#/try?model=emo", "Try it")
    page.get_by_role("combobox", name="Clips of").select_option(label="walk, test")
    rows = page.locator("#probabilities tbody tr")
    expect(rows.first).to_be_visible()
    whole = rows.first.inner_text()
    page.get_by_role("checkbox").first.uncheck()
    expect(page.locator("#probabilities thead")).to_contain_text("Change")
    changes = [float(row.locator("td").nth(3).inner_text()) for row in rows.all()]
    assert any(changes), "nothing changes without the modality"
    assert page.locator(".strip span").count() > 1, "there is no saliency"
    browser.inspect("try")
    # The same clip out of a file, and another one.
    page.get_by_role("checkbox").first.check()
    page.locator("input[type=file]").set_input_files(data / "test.npz")
    expect(page.get_by_label("Clip of test.npz")).to_be_visible()
    expect(rows.first).to_have_text(whole, use_inner_text=True)
    page.get_by_label("Clip of test.npz").fill("3")
    page.get_by_label("Clip of test.npz").press("Enter")
    expect(rows.first).not_to_have_text(whole, use_inner_text=True)


def study(browser: Browser) -> None:
    step("a study")
    page = browser.open("#/studies", "Studies")
    expect(page.locator("main")).to_contain_text("No study yet")
    page.get_by_role("link", name="New study").click()
    page.get_by_role("button", name="Small and quick").click()
    page.get_by_label("epochs", exact=True).fill("2")
    page.get_by_label("d_model", exact=True).fill("16")
    page.get_by_label("Variants").select_option("grid")
    page.get_by_label("Add a hyperparameter").select_option("app")
    page.locator("input[name=app]").fill("on, off")
    page.get_by_label("seeds").fill("1, 2")
    browser.inspect("study-new")
    page.get_by_role("button", name="Start the study").click()
    expect(page.locator(".badge").first).to_have_text("over", timeout=90_000)
    table = page.get_by_role("group", name=re.compile("the best mean is in bold"))
    expect(table.locator("tbody tr")).to_have_count(2)
    expect(table).to_contain_text("±")
    browser.inspect("study")
    page.get_by_role("link", name="Curves of all runs").click()
    expect(page.locator(".legend li")).to_have_text([re.compile("2 seeds")] * 2)
    browser.inspect("compare")


def take_key(page) -> str:
    """The secret that was just made."""
    dialog = page.get_by_role("dialog", name="The new key")
    key = dialog.locator("code").inner_text()
    assert key.startswith("lk_")
    dialog.get_by_role("button", name="I have it").click()
    expect(dialog).to_have_count(0)
    return key


def system(browser: Browser, service: Service) -> None:
    step("the system")
    page = browser.open("#/system", "System")
    page.get_by_label("New key").fill("app")
    page.get_by_role("button", name="Make").click()
    key = take_key(page)
    expect(page.locator(".figures")).to_contain_text("99th percentile")
    page.wait_for_timeout(4500)
    browser.inspect("system")

    step("a key for predictions only, which is revoked then")
    page.get_by_role("button", name="Sign out").click()
    enter(page, key)
    expect(page.locator("#access")).to_have_text("key for predict")
    expect(page.locator("#navigation a:visible")).to_have_text(["Models", "Try it", "System"])
    page.get_by_role("button", name="Sign out").click()
    enter(page, service.key)
    page.get_by_role("button", name="Revoke app").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.locator("main")).to_contain_text("revoked")


def without_charts(browser: Browser, job: str) -> None:
    step("without Chart.js")
    page = browser.page
    page.route("**/vendor/chart.min.js", lambda route: route.fulfill(status=404))
    with browser.refusal():
        page.goto("about:blank")
        page.goto(f"{browser.address}/#/jobs/{job}")
        expect(page.locator("main")).to_contain_text("make install")
        expect(page.get_by_role("group", name="Best and last values")).to_be_visible()


def odd_address(browser: Browser) -> None:
    step("an address that cannot be read")
    browser.open("#/jobs/%E0%A4%A", "This view cannot be shown")


def first_key(browser: Browser) -> None:
    step("the first key of an open service")
    page = browser.page
    page.goto(f"{browser.address}/#/system")
    expect(page.locator("#access")).to_have_text("no key needed")
    expect(page.get_by_role("combobox", name="for")).to_have_text("admin")
    # What the page asks for in the moment in which the service closes may still go without the key.
    with browser.refusal():
        page.get_by_role("button", name="Make").click()
        expect(page.locator("#access")).to_have_text("key for admin")
        expect(page.get_by_role("dialog", name="The new key")).to_be_visible()
        browser.picture("system-first-key")
        key = take_key(page)
    expect(page.get_by_role("group", name="Keys, the newest first").locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Sign out").click()
    enter(page, key)
    expect(page.locator("#access")).to_have_text("key for admin")


@contextmanager
def visit(options: argparse.Namespace, is_open: bool = False):
    """A browser at a new service; afterwards nothing may have gone wrong in the page."""
    with tempfile.TemporaryDirectory() as directory:
        service = Service(options.limbic.resolve(), Path(directory), ROOT / "Public", is_open)
        service.start()
        try:
            with Browser(service.address, options.pictures) as browser:
                try:
                    yield browser, service
                except BaseException:
                    browser.picture("failed")
                    raise
                assert not browser.faults, "faults in the console:\n" + "\n".join(browser.faults)
        finally:
            service.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ["limbic", "data", "pictures"]:
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    with visit(options, is_open=True) as (browser, _):
        first_key(browser)
    with visit(options) as (browser, service):
        sign_in(browser, service)
        upload(browser, options.data)
        job = train(browser, service)
        promote(browser)
        compare(browser, job)
        models(browser)
        predict(browser, options.data)
        study(browser)
        system(browser, service)
        odd_address(browser)
        without_charts(browser, job)
    step(f"done; the pictures are in {options.pictures}")


if __name__ == "__main__":
    main()
