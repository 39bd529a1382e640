"""Somebody makes an e-mail trigger, pastes a message, and sees the run."""

import re

import pytest
from playwright.sync_api import expect

from tests import inbound

pytestmark = pytest.mark.usefixtures("house")


def test_a_trigger_is_made_tried_and_starts_a_run(page_as, house, shot):
    place = house.place("mailed")
    page = page_as("dave")
    page.goto(f"{place.url}/email-triggers")
    expect(page.get_by_text("No e-mail triggers here")).to_be_visible()
    shot(page, "email-empty")

    page.get_by_role("link", name="New e-mail trigger").first.click()
    page.get_by_role("textbox", name="Name (optional)").fill("Orders by mail")
    row = page.locator(".mapping-row").first
    row.get_by_label("Variable").fill("size")
    row.get_by_label("Gets").select_option("body-key")
    row.get_by_label("Key of the line").fill("size")
    shot(page, "email-form")
    page.get_by_role("button", name="Create trigger").click()

    expect(page.get_by_role("heading", name="Orders by mail")).to_be_visible()
    expect(page.get_by_text(re.compile(r"-[0-9a-z]{26}@in\.example\.com")).first).to_be_visible()
    page.get_by_label("Message", exact=True).fill(
        "From: dave@example.com\nSubject: More\n\nsiez: 3\n"
    )
    page.get_by_role("button", name="Say what would happen").click()
    expect(page.get_by_text("It would be refused")).to_be_visible()
    expect(page.get_by_text("“siez:” is not among the lines that are taken here")).to_be_visible()

    page.get_by_label("Message", exact=True).fill(
        "From: dave@example.com\nSubject: More\n\nsize: 3\n"
    )
    page.get_by_role("button", name="Say what would happen").click()
    expect(page.get_by_text("It would start a preview")).to_be_visible()
    shot(page, "email-tried")
    page.get_by_role("button", name="Run it").click()

    page.wait_for_url(re.compile(r"/runs/[0-9a-z]{20}$"))
    expect(page.locator("main")).to_contain_text("by e-mail to Orders by mail")
    shot(page, "email-run")


def test_an_owner_gives_it_a_new_address(page_as, house):
    place = house.place("moved")
    page = page_as("alice")
    page.goto(f"{place.url}/email-triggers")
    page.get_by_role("link", name="New e-mail trigger").first.click()
    page.get_by_role("button", name="Create trigger").click()
    address = page.locator(".email-at code")
    before = address.inner_text()

    page.get_by_role("link", name="New address").click()
    page.get_by_role("button", name="Give it a new address").click()

    expect(page.get_by_text("It has a new address")).to_be_visible()
    expect(address).not_to_have_text(before)


CODE = {
    "main.tf": """
variable "order" {}

resource "terraform_data" "order" {
  input = file(var.order)
}
"""
}


def test_an_attachment_lies_in_the_working_directory_when_the_engine_plans(house):
    place = house.place("attached", CODE)
    wanted = {**place.names, "mapping": {"order": "attachment:*.yaml"}}
    trigger = house.dave.post("/email-triggers", wanted)
    message = inbound.letter(
        trigger["address"], attachments=[("../../order für mai.yaml", b"count: 42")]
    )

    tried = house.dave.post(
        f"/email-triggers/{trigger['id']}/try", {"message": str(message), "run": True}
    )

    run = house.dave.until(tried["run"], "finished")
    [change] = house.dave.get(f"/runs/{run['id']}/changes")["changes"]
    assert change["after"]["input"] == "count: 42"
    log = house.dave.get(f"/runs/{run['id']}/logs")
    assert "Attachment: attachments/order_fur_mai.yaml, 9 bytes." in log
