"""What the browser loads from others: known, unchanged, licensed, and small."""

import gzip
import json
import re

from lib import bundle
from scripts import css_subset, vendor
from tests.ui.kitchen_sink import STATIC, create_app


def test_vendored_files_equal_their_manifest():
    assert vendor.differences() == []


def test_each_vendored_file_has_its_licence_beside_it():
    entries = json.loads(vendor.MANIFEST.read_text())

    assert {e["name"] for e in entries} == set(vendor.PACKAGES)
    assert all((vendor.TARGET / e["licence_file"]).read_text().strip() for e in entries)


def test_a_subset_keeps_wanted_classes_and_read_variables():
    css = ":root{--a:1px;--b:2px}.btn{margin:var(--a)}.card,.btn:hover{x:y}@media print{.card{x:y}}"

    cut = css_subset.subset(css, ["btn"], ["never"])

    assert cut.split() == [":root{--a:1px;}", ".btn{margin:var(--a)}", ".btn:hover{x:y}"]


def test_joined_modules_keep_their_names_apart(tmp_path):
    (tmp_path / "core.js").write_text("export function on() {}\n")
    (tmp_path / "a.js").write_text('import { on } from "./core.js";\nconst x = 1;\n')
    (tmp_path / "app.js").write_text('import "./core.js";\nimport "./a.js";\n')

    joined = bundle.join_modules(tmp_path / "app.js")

    assert joined == "function on() {}\n{\nconst x = 1;\n}\n"


OF_THEIR_OWN = {"app.js", "theme.js", "docs.js"}
"""Scripts that pages load by themselves."""


def test_every_module_is_part_of_the_whole():
    names = set(re.findall(r'"\./([\w.]+)"', (STATIC / "js/app.js").read_text()))

    assert names == {p.name for p in (STATIC / "js").glob("*.js")} - OF_THEIR_OWN


def test_every_stylesheet_is_imported():
    named = set(re.findall(r'url\("([^"]+)"\)', (STATIC / "css/app.css").read_text()))

    files = {p.relative_to(STATIC / "css").as_posix() for p in (STATIC / "css").rglob("*.css")}
    assert named - {"../vendor/tabler.css"} == files - {"app.css"}


def test_a_first_visit_weighs_less_than_eighty_kilobytes():
    client = create_app().test_client()
    page = client.get("/runs").get_data()
    addresses = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', page.decode()))

    weight = len(gzip.compress(page, 6)) + sum(
        len(gzip.compress(client.get(a).data, 6)) for a in addresses
    )

    assert weight < 80_000
