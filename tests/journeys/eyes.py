"""What every page must be, whoever looks at it and however."""

import re

from axe_playwright_python.sync_playwright import Axe

PHONE = {"width": 390, "height": 844}
BY_COLOUR = ["color-contrast", "link-in-text-block"]
_axe = Axe()


def check(page):
    """Hold a page to what all pages promise: no complaint of the browser or of axe in light and
    dark, one h1, unique ids, no sideways scroll on a phone.
    """
    wrong = wrong_with(page)
    assert not wrong, "\n".join(wrong)


def wrong_with(page):
    """What a page does not hold of it, one line each."""
    wrong = page.problems + violations(page) + _headings(page) + _twice(page)
    return [f"{page.url}: {line}" for line in wrong + _in_the_dark(page) + _on_a_phone(page)]


def violations(page, rules=None):
    """What axe objects to, one line for each place. All rules, or these only."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(_axe.axe_script)
    return page.evaluate(
        """async (rules) => {
          const only = rules ? { runOnly: { type: "rule", values: rules } } : {};
          const { violations } = await axe.run(document, { ...only, resultTypes: ["violations"] });
          return violations.flatMap((one) => one.nodes.map(
            (node) => `${one.id}: ${node.target} ${node.failureSummary.slice(0, 300)}`));
        }""",
        rules,
    )


def _headings(page):
    count = page.locator("h1").count()
    return [] if count == 1 else [f"{count} h1"]


def _twice(page):
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    return sorted({f"twice the id {one}" for one in ids if ids.count(one) > 1})


def _in_the_dark(page):
    page.emulate_media(color_scheme="dark")
    page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    found = violations(page, BY_COLOUR)
    page.emulate_media(color_scheme="light")
    return [f"dark {line}" for line in found]


def _on_a_phone(page):
    size = page.viewport_size
    page.set_viewport_size(PHONE)
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    page.set_viewport_size(size)
    return [f"{wide} px too wide for a phone"] if wide else []


def listen(page):
    """Gather what the browser complains of in `page.problems`, but for answers a test expects."""
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: _keep(page, message))
    return page


def _keep(page, message):
    expected = re.search(r"status of (401|403|404|409|413|422|429)", message.text)
    if message.type in {"error", "warning"} and not expected:
        page.problems.append(f"{message.type}: {message.text}")
