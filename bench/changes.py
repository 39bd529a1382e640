"""(h) Changes with 10,000 resources and one attribute of 2 MB."""

import gzip

from bench.common import Api, Browser, Portal, Row, milliseconds, peak_kib, portal

RESOURCES, LARGE_BYTES, LOOKS = 10_000, 2_000_000, 20
CODE = """
resource "terraform_data" "item" {
  count = %d
  input = { number = count.index, name = "item ${count.index}" }
}

resource "terraform_data" "large" {
  input = file("${path.module}/large.txt")
}
"""


def measure() -> list[Row]:
    """A real preview, then its page."""
    large = "".join(f"line {number} of a large file\n" for number in range(LARGE_BYTES // 26))
    with portal() as running:
        api = Api(running)
        files = {"main.tf": CODE % RESOURCES, "large.txt": large}
        stack = api.stack("large", api.upload(files))
        run = api.ended(api.run(stack, "preview")["id"], every_s=0.1, within_s=900)
        assert run["state"] == "finished", run
        return _pages(running, Browser(running), run["id"])


def _pages(running: Portal, browser: Browser, run_id: str) -> list[Row]:
    worker = running.worker_pid()
    browser.get(f"/runs/{run_id}")
    before = peak_kib(worker)
    path = f"/runs/{run_id}/changes"
    cold = milliseconds(lambda: browser.get(path)) / 1000
    times = [milliseconds(lambda: browser.get(path)) / 1000 for _ in range(LOOKS)]
    _, packed, headers = browser.ask("GET", path, more={"Accept-Encoding": "gzip"})
    body = gzip.decompress(packed) if headers.get("Content-Encoding") == "gzip" else packed
    large = f"{path}?q=terraform_data.large&open=all"
    opened = [milliseconds(lambda: browser.get(large)) / 1000 for _ in range(LOOKS // 4)]
    shown = len(browser.get(large)) / 1024
    searched = [milliseconds(lambda: browser.get(f"{path}?q=item%5B99")) / 1000 for _ in range(5)]
    growth = (peak_kib(worker) - before) / 1024
    return [
        Row("h", f"first page of {RESOURCES + 1:,} changes", times, "s", 0.5,
            note=f"the very first {cold:.2f} s"),
        Row("h", "its bytes over the wire", [len(packed) / 1024], "KB", 200,
            note=f"{len(body) / 1024:.0f} KB of HTML"),
        Row("h", "the attribute of 2 MB, opened", opened, "s", 0.5, note=f"{shown:.0f} KB of HTML"),
        Row("h", "filtered by a text", searched, "s"),
        Row("h", "growth of the portal's peak memory", [growth], "MB"),
    ]  # fmt: skip
