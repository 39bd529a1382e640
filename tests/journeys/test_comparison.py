"""Left and right, in the page that people read."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.eyes import check

CODE = """
variable "after" {
  default = false
}

variable "password" {
  sensitive = true
}

resource "terraform_data" "server" {
  input = {
    size      = var.after ? "t3.large" : "t3.small"
    image     = "web-1"
    user_data = "#!/bin/sh\\nset -e\\n${var.after ? "start web\\nreport" : "start"}\\n"
    policy    = jsonencode({ Version = "2012", Allow = var.after ? ["read", "write"] : ["read"] })
    password  = "${var.password}-${var.after}"
  }
}

resource "terraform_data" "image" {
  triggers_replace = [var.after]
}

resource "terraform_data" "of_image" {
  input = terraform_data.image.id
}

resource "terraform_data" "fresh" {
  count = var.after ? 1 : 0
  input = "new"
}

resource "terraform_data" "gone" {
  count = var.after ? 0 : 1
  input = "old"
}

output "size" {
  value = var.after ? "large" : "small"
}
"""


@pytest.fixture(scope="module")
def planned(house):
    place = house.place("compared", {"main.tf": CODE})
    secret = {"password": {"value": "hunter2-hunter2", "secret": True}}
    house.applied(place, variables=secret)
    return house.waiting(place, variables={"after": True, **secret}, message="Larger servers")


@pytest.fixture
def page(page_as, planned):
    page = page_as("dave")
    page.goto(f"/runs/{planned['id']}/changes")
    return page


def _open(page, address):
    box = page.locator("details.change", has=page.get_by_text(address, exact=True)).first
    if box.get_attribute("open") is None:
        box.locator("summary").first.click()
    expect(box.locator("table.compare").first).to_be_visible()
    return box


def _row(box, name):
    head = box.page.get_by_role("rowheader", name=re.compile(rf"^\W*{name}\b"))
    return box.locator("table.compare tr", has=head).first


def test_each_attribute_has_a_left_and_a_right_cell(page, shot):
    box = _open(page, "terraform_data.server")

    row = _row(box, "size")

    expect(row.locator("td.before")).to_have_text('"t3.small"')
    expect(row.locator("td.after")).to_have_text('"t3.large"')
    shot(page, "comparison")
    check(page)


def test_unchanged_attributes_are_folded_with_their_count(page):
    box = _open(page, "terraform_data.server")
    fold = box.locator("details.fold", has_text=re.compile(r"\d+ unchanged attribute"))
    value = fold.get_by_text('"web-1"').first

    expect(value).to_be_hidden()
    fold.locator("summary").click()

    expect(value).to_be_visible()
    count = fold.locator("tbody tr").count()
    noun = "attribute" if count == 1 else "attributes"
    expect(fold.locator("summary")).to_have_text(f"{count} unchanged {noun}")


def test_what_replaces_is_marked_with_its_cause_and_its_order(page):
    box = _open(page, "terraform_data.image")

    expect(box.locator("summary").first).to_contain_text("replace")
    expect(box.locator("summary").first).to_contain_text("destroy, then create")
    expect(box.locator("tr.forces").first).to_contain_text("forces replacement")


def test_what_is_known_after_apply_says_so(page):
    box = _open(page, "terraform_data.of_image")

    expect(_row(box, "input").locator("td.after")).to_contain_text("(known after apply)")


def test_a_sensitive_value_is_nowhere_on_the_page(page):
    box = _open(page, "terraform_data.server")

    expect(box).to_contain_text("(sensitive, changed)")
    assert "hunter" not in page.content()


def test_a_text_of_many_lines_is_compared_line_by_line(page):
    box = _open(page, "terraform_data.server")
    lines = box.locator("table.lines").first

    expect(lines.locator("td.was")).to_have_text(["start"])
    expect(lines.locator("td.now")).to_have_text(["start web", "report"])


def test_json_in_a_string_is_compared_as_a_structure(page):
    box = _open(page, "terraform_data.server")

    expect(_row(box, "policy")).to_contain_text("JSON")
    added = box.locator("tr.row-add", has_text='"write"').first
    expect(added.locator("td.after")).to_have_text('"write"')
    expect(added.locator("td.before")).to_have_text("")


def test_destroy_and_replace_come_first(page):
    actions = page.locator(".changes > details.change").evaluate_all(
        "boxes => boxes.map((box) => box.dataset.action)"
    )

    assert actions[:2] == ["delete", "replace"]


@pytest.mark.parametrize(
    ("query", "addresses"),
    [
        ("?action=create", ["terraform_data.fresh[0]"]),
        ("?action=delete", ["terraform_data.gone[0]"]),
        ("?type=terraform_data&action=replace", ["terraform_data.image"]),
        ("?q=fresh", ["terraform_data.fresh[0]"]),
        ("?q=nowhere", []),
        ("?type=aws_instance", []),
    ],
)
def test_a_filter_stands_in_the_address(page, planned, query, addresses):
    page.goto(f"/runs/{planned['id']}/changes{query}")

    expect(page.locator(".changes .change-address")).to_have_text([*addresses, "size"])


def test_filters_are_chips_and_a_search_box(page):
    page.get_by_role("link", name=re.compile(r"\+ create")).click()
    expect(page).to_have_url(re.compile("action=create"))
    page.get_by_role("searchbox", name="Filter by address").fill("fresh")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("q=fresh"))
    expect(page.locator(".changes .change-address").first).to_have_text("terraform_data.fresh[0]")


def test_without_a_script_all_can_be_opened(no_script_page_as, planned):
    page = no_script_page_as("vera")
    page.goto(f"/runs/{planned['id']}/changes")

    page.get_by_role("link", name="Expand all").click()

    box = page.locator("details.change", has=page.get_by_text("terraform_data.server")).first
    expect(_row(box, "size").locator("td.after")).to_have_text('"t3.large"')
