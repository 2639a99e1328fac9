#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""browser.py [--shots FOLDER] [URL] - the page of httpd in headless Chromium.

Without a URL the server of this machine is started, stopped and started again under
the page's eyes. With one, that server is looked at.
"""
import argparse
import json
import pathlib
import sys
import tempfile
import time
import traceback

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from checks import equal
from server import Server, build

WWW = "apps/httpd/root/www"
KINDS = ("vmalloc", "vmap", "vm_map_ram", "ioremap", "stack", "mmap", "lazy")


def open_browser():
    options = webdriver.ChromeOptions()
    for option in ("--headless=new", "--no-sandbox", "--disable-gpu",
                   "--disable-dev-shm-usage", "--window-size=1400,1200",
                   "--disable-background-networking"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs",
                           {"browser": "ALL", "performance": "ALL"})
    service = webdriver.chrome.service.Service("/usr/bin/chromedriver")
    return webdriver.Chrome(service=service, options=options)


def wait_for(what, condition, seconds=15):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"not in {seconds} s: {what}"
        time.sleep(0.1)
    return value


class Page:
    def __init__(self, driver, url, here):
        self.driver, self.url, self.here = driver, url, here

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self, name):
        return self.run("return document.getElementById(arguments[0])"
                        ".textContent", name)

    def tip(self):
        return self.run("const t = document.getElementById('tip');"
                        "return t.hidden ? '' : t.innerText")

    def wait_until(self, status, seconds=15):
        wait_for(f"status {status}",
                 lambda: self.text("status").startswith(status), seconds)

    def pause(self, paused):
        if self.run("return paused") != paused:
            self.driver.find_element(By.ID, "pause").click()

    def card(self, title):
        return self.run("return document.querySelector(`[data-card="
                        "\"${arguments[0]}\"] .value`).textContent", title)

    def console(self, but=()):
        """What the browser complained of."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING") and
                not any(text in entry["message"] for text in but)]


def areas_are_drawn(page):
    page.pause(True)
    drawn, told = page.run(
        "let sum = 0; const blocks = document.querySelectorAll('#map .a');"
        "for (const b of blocks) sum += b.block.areas;"
        "return [sum, map.page.areas.length]")
    equal(drawn, told)
    assert drawn > 5, drawn
    bad = page.run(
        "return [...document.querySelectorAll('#map .a')].filter(b => {"
        "  const box = b.getBoundingClientRect();"
        "  return box.width < 5 || box.height < 10; }).length")
    equal(bad, 0, "blocks that nobody can see")
    order = page.run("return [...document.querySelectorAll('#map .a')]"
                     ".map(b => b.block.offset)")
    equal(order, sorted(order), "order of addresses")
    page.pause(False)


def kinds_have_colours(page):
    colours = dict(page.run(
        "return [...document.querySelectorAll('#legend li')].map(li => ["
        "li.dataset.kind, getComputedStyle(li.querySelector('i'))"
        ".backgroundColor])"))
    equal(len(set(colours.values())), len(colours), "two kinds look alike")
    assert len(colours) >= 2
    if page.here:
        assert set(KINDS) <= set(colours), colours
    for kind, colour in colours.items():
        assert colour != "rgba(0, 0, 0, 0)", kind


def hovering_tells_the_caller(page):
    page.pause(True)
    blocks = page.driver.find_elements(By.CSS_SELECTOR,
                                       '#map .a[data-caller]:not('
                                       '[data-caller=""])')
    assert blocks
    for block in blocks[:3] + blocks[-2:]:
        page.run("arguments[0].scrollIntoView({block: 'center'})", block)
        ActionChains(page.driver).move_to_element(block).perform()
        tip = wait_for("a tip", page.tip)
        for text in (block.get_attribute("data-caller"),
                     block.get_attribute("data-kind"), "0xffff", "iB"):
            assert text in tip, f"{text} is not in {tip}"
    page.driver.save_screenshot(str(page.shots / "tip.png"))
    inside = page.run("const b = document.getElementById('tip')"
                      ".getBoundingClientRect(); return b.left >= 0 && "
                      "b.right <= innerWidth && b.bottom <= innerHeight")
    assert inside, "the tip leaves the window"
    page.run("scrollTo(0, 0)")
    ActionChains(page.driver).move_by_offset(-1, -1).perform()
    ActionChains(page.driver).move_to_element(
        page.driver.find_element(By.TAG_NAME, "h1")).perform()
    wait_for("no tip", lambda: not page.tip())
    page.pause(False)


def keys_go_through_the_areas(page):
    page.pause(True)
    ribbon = page.driver.find_element(By.ID, "map")
    ribbon.send_keys(Keys.HOME)
    first = page.tip()
    assert first, "no tip at Home"
    ribbon.send_keys(Keys.ARROW_RIGHT)
    second = page.tip()
    assert second and second != first
    equal(page.text("said") != "", True, "nothing is said")
    ribbon.send_keys(Keys.ARROW_LEFT)
    equal(page.tip(), first)
    ribbon.send_keys(Keys.END)
    assert page.tip() not in (first, "")
    ribbon.send_keys(Keys.ESCAPE)
    equal(page.tip(), "")
    page.pause(False)


def zoom_widens(page):
    width = ("let sum = 0; for (const b of document.querySelectorAll("
             "'#map .a')) sum += b.offsetWidth; return sum")
    page.pause(True)
    before = page.run(width)
    page.driver.find_element(By.ID, "in").click()
    wide = page.run(width)
    assert wide > before * 1.3, (before, wide)
    page.driver.find_element(By.TAG_NAME, "body").send_keys("-")
    assert page.run(width) < wide
    page.driver.find_element(By.ID, "group").click()
    single, told = page.run("return [document.querySelectorAll('#map .a')"
                            ".length, map.page.areas.length]")
    equal(single, told, "not one block an area")
    page.driver.find_element(By.ID, "group").click()
    page.pause(False)


def a_kind_can_be_seen_alone(page):
    button = "#legend li:first-child button"
    page.driver.find_element(By.CSS_SELECTOR, button).click()
    kinds = page.run("return [...new Set([...document.querySelectorAll("
                     "'#map .a:not(.dim)')].map(b => b.dataset.kind))]")
    equal(len(kinds), 1)
    page.driver.find_element(By.CSS_SELECTOR, button).click()
    equal(page.run("return document.querySelectorAll('#map .dim').length"), 0)


def values_update(page):
    def values():
        return (page.text("uptime"), page.run("return map.page.uptime"),
                page.run("return document.querySelector('.stroke')"
                         ".getAttribute('d')"))
    before = values()
    wait_for("other values", lambda: all(
        a != b for a, b in zip(before, values())), 8)
    for title in ("Memory", "Fences", "Connections", "Requests"):
        assert any(c.isdigit() for c in page.card(title)), page.card(title)
    if not page.here:
        wait_for("packets", lambda: float(page.card("Packets").split()[0]) > 0)
    page.pause(True)
    time.sleep(0.3)
    before = values()
    time.sleep(2.2)
    equal(values(), before, "goes on although paused")
    page.pause(False)


def nothing_is_asked_of_others(page):
    urls = [json.loads(entry["message"])["message"]["params"]["request"]["url"]
            for entry in page.driver.get_log("performance")
            if '"Network.requestWillBeSent"' in entry["message"]]
    assert len(urls) > 2
    outside = [url for url in urls
               if not url.startswith((page.url, "data:"))]
    equal(outside, [], "requests to others")
    paths = {url[len(page.url):] for url in urls if url.startswith(page.url)}
    assert paths <= {"", "api/map"}, paths


def no_complaints(page):
    equal(page.console(), [])


CONTRAST = """
const shade = text => text.match(/[\\d.]+/g).slice(0, 3).map(v => {
	v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
const light = text => { const [r, g, b] = shade(text);
	return .2126 * r + .7152 * g + .0722 * b; };
const background = e => { for (; e; e = e.parentElement) {
	const c = getComputedStyle(e).backgroundColor;
	if (c !== "rgba(0, 0, 0, 0)") return c; } };
return [...document.querySelectorAll("h1, h2, .value, .more, .range, td, th, a," +
	"#status, #legend button, #legend span, footer, .hole, .named," +
	".a:not(.lazy):not(.partly)")].filter(e =>
	e.textContent.trim()).map(e => {
	const a = light(getComputedStyle(e).color), b = light(background(e));
	return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05),
		e.outerHTML.slice(0, 80)]; }).sort((a, b) => a[0] - b[0])[0];
"""


def light_and_dark(page):
    backgrounds = set()
    for scheme in ("light", "dark"):
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        time.sleep(1.2)
        backgrounds.add(page.run(
            "return getComputedStyle(document.body).backgroundColor"))
        least, where = page.run(CONTRAST)
        assert least >= 4.5, f"{scheme}: contrast {least:.2f} of {where}"
        page.driver.save_screenshot(str(page.shots / f"{scheme}.png"))
    equal(len(backgrounds), 2)


def narrow_window(page):
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
    time.sleep(1)
    wide = page.run("return document.documentElement.scrollWidth")
    page.driver.save_screenshot(str(page.shots / "narrow.png"))
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= 390, f"{wide} pixels wide"


CHECKS = (areas_are_drawn, kinds_have_colours, hovering_tells_the_caller,
          keys_go_through_the_areas, zoom_widens, a_kind_can_be_seen_alone,
          values_update, light_and_dark, narrow_window,
          nothing_is_asked_of_others, no_complaints)


def start(port="0", **environment):
    return Server("-d", WWW, "-p", str(port), "-t", "2",
                  environment=environment)


def server_comes_and_goes(page, servers):
    """Its end is no error of the page; when it is there again, all goes on."""
    port = servers[-1].ports["http"]
    equal(servers[-1].stop(), 0)
    page.wait_until("disconnected")
    assert page.run("return document.body.classList.contains('gone')")
    page.driver.save_screenshot(str(page.shots / "gone.png"))
    servers.append(start(port))
    page.wait_until("live")
    assert not page.run("return document.body.classList.contains('gone')")
    # The browser itself notes that nobody answered.
    equal(page.console(("net::ERR_",)), [])


def many_areas(page, servers):
    """More than it can draw: neighbours become one, and it says so."""
    port = servers[-1].ports["http"]
    equal(servers[-1].stop(), 0)
    servers.append(start(port, HTTPD_SAMPLE_AREAS="12000"))
    wait_for("areas left out", lambda: page.run(
        "return map.page && map.page.left_out > 0"), 20)
    page.wait_until("live")
    blocks, areas, told = page.run(
        "const blocks = [...document.querySelectorAll('#map .a')];"
        "return [blocks.length, blocks.reduce((sum, b) => sum + b.block.areas,"
        " 0), map.page.areas.length]")
    assert 500 < blocks <= 1500, f"{blocks} blocks"
    equal(areas, told)
    assert "more" in page.text("sum"), page.text("sum")


def report(results, function, *arguments):
    try:
        function(*arguments)
        print(f"ok - {function.__name__}", flush=True)
        results.append(True)
    except Exception:
        print(f"not ok - {function.__name__}")
        print("# " + traceback.format_exc().replace("\n", "\n# "))
        results.append(False)


def run(url, shots, servers):
    results = []
    driver = open_browser()
    try:
        page = Page(driver, url, bool(servers))
        page.shots = shots
        driver.get(url)
        report(results, page.wait_until, "live")
        for function in CHECKS:
            report(results, function, page)
        for function in (server_comes_and_goes, many_areas):
            if servers:
                report(results, function, page, servers)
    finally:
        driver.quit()
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url", nargs="?")
    parser.add_argument("--shots", help="keep the pictures there")
    arguments = parser.parse_args()
    servers = []
    with tempfile.TemporaryDirectory() as scratch:
        shots = pathlib.Path(arguments.shots or scratch)
        shots.mkdir(exist_ok=True)
        url = arguments.url
        if not url:
            build()
            servers.append(start())
            url = f"http://127.0.0.1:{servers[0].ports['http']}/"
        try:
            results = run(url, shots, servers)
        finally:
            if servers:
                servers[-1].stop()
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(not all(results))


main()
