"""The page, the dashboard and the alert rules speak of metrics that exist, and of all of them."""

import json
import re

import pytest
import yaml

from scripts import metrics_page
from tests.rules.test_docs import ROOT

HERE = ROOT / "docs" / "observability"
NAME = re.compile(r"\bgantry_[a-z_]+\b")


def named(name):
    return set(NAME.findall((HERE / name).read_text(encoding="utf-8")))


def test_the_page_s_table_is_what_is_scraped():
    assert metrics_page.PAGE.read_text(encoding="utf-8") == metrics_page.text(), (
        "run “python -m scripts.metrics_page”"
    )


@pytest.mark.parametrize("name", ["dashboard.json", "alerts.yml"])
def test_each_metric_they_name_exists(name):
    assert named(name) - metrics_page.samples() == set()


def test_the_dashboard_shows_every_metric():
    shown = " ".join(sorted(named("dashboard.json")))

    silent = {name for name, *_ in metrics_page.metrics() if name not in shown}
    assert silent <= {"gantry_disk_floor_bytes", "gantry_on_hold", "gantry_database_up"}


def test_panels_stand_beside_each_other_and_have_names():
    panels = json.loads((HERE / "dashboard.json").read_text(encoding="utf-8"))["panels"]

    places = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in panels]
    assert len(set(places)) == len(places)
    assert all(each["title"] for each in panels)
    assert all(each["gridPos"]["x"] + each["gridPos"]["w"] <= 24 for each in panels)


def test_each_alert_says_what_is_the_matter_and_how_bad_it_is():
    (group,) = yaml.safe_load((HERE / "alerts.yml").read_text(encoding="utf-8"))["groups"]

    assert group["rules"]
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert {"summary", "description"} <= set(rule["annotations"]), rule["alert"]
        assert rule["for"]
