"""Changes, left and right: ten thousand of them, huge ones, odd ones, and none that is secret."""

import json

import pytest
from sqlalchemy import event

from engines.terraform.plan_document import collect_plan
from models.base import db
from services.runs import change_pages
from tests import run_stories as stories

MARKS = ("(sensitive)", "(sensitive value)", "(sensitive, changed)")


def shown(world, records, **document):
    run = stories.told(world.deployment(), stories.FINISHED_PREVIEW)
    stories.with_changes(run, records, **document)
    db.session.commit()
    return run


@pytest.fixture
def count_queries(app):
    counted = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    return counted


def test_ten_thousand_changes_open_within_the_budget(browse, world, count_queries):
    few = shown(world, [stories.change()])
    many = shown(world, [stories.change(f"module.m{n % 40}.aws_x.y[{n}]") for n in range(10_000)])
    visitor = browse("vera")
    visitor.get(f"/runs/{few.id}/changes")
    count_queries.clear()
    visitor.get(f"/runs/{few.id}/changes")
    with_few = len(count_queries)
    count_queries.clear()

    page = visitor.get(f"/runs/{many.id}/changes")

    assert len(page.data) <= 200_000
    assert page.text.count("data-change ") == change_pages.HEADS_LIMIT
    assert len(count_queries) <= with_few


def test_every_change_can_be_reached_from_the_first_page(browse, world):
    run = shown(world, [stories.change(f"aws_x.y[{n}]") for n in range(450)])
    visitor, url, found = browse("vera"), f"/runs/{run.id}/changes", 0

    while url:
        text = visitor.get(url).text
        found += text.count("data-change ")
        _, _, rest = text.partition('class="changes-more"')
        url = rest.partition('href="')[2].partition('"')[0].replace("&amp;", "&") if rest else ""

    assert found == 450


def test_destroy_and_replace_come_first(browse, world):
    actions = ["create", "update", "replace", "delete", "move"]
    run = shown(world, [stories.change(f"aws_{action}.x", action) for action in actions])

    text = browse("vera").get(f"/runs/{run.id}/changes").text

    places = [text.index(f"aws_{action}.x") for action in ("delete", "replace", "create", "update")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("query", "kept"),
    [("action=delete", "aws_a.one"), ("type=aws_b", "aws_b.two"), ("q=TWO", "aws_b.two")],
)
def test_filters_stand_in_the_url(browse, world, query, kept):
    run = shown(world, [stories.change("aws_a.one", "delete"), stories.change("aws_b.two")])
    other = {"aws_a.one": "aws_b.two", "aws_b.two": "aws_a.one"}[kept]

    text = browse("vera").get(f"/runs/{run.id}/changes?{query}").text

    assert f'<span class="change-address">{kept}</span>' in text
    assert f'<span class="change-address">{other}</span>' not in text


@pytest.mark.parametrize(
    "query", ["q=%25", "q=_", "q=%00", "action=' OR 1=1", "after=-1", "after=x"]
)
def test_odd_filters_do_no_harm(browse, world, query):
    run = shown(world, [stories.change("aws_a.one")])

    assert browse("vera").get(f"/runs/{run.id}/changes?{query}").status_code == 200


def test_a_resource_is_also_a_page_and_its_fragment_is_inside_it(browse, world):
    run = shown(world, [stories.change()])
    visitor = browse("vera")

    page = visitor.get(f"/runs/{run.id}/changes/0").text
    inside = visitor.get(f"/runs/{run.id}/changes/0", headers={"HX-Request": "true"}).text

    assert inside.strip() in page
    assert "<!doctype" not in inside.lower()
    assert "forces replacement" not in inside


def test_the_cause_of_a_replacement_is_marked(browse, world):
    record = stories.change(action="replace", replace_paths=[["size"]], order="create_then_destroy")
    run = shown(world, [record])
    visitor = browse("vera")

    heads = visitor.get(f"/runs/{run.id}/changes").text
    inside = visitor.get(f"/runs/{run.id}/changes/0").text

    assert '<span class="change-why">size</span>' in heads
    assert "create, then destroy" in heads
    assert "forces replacement" in inside


def test_megabytes_in_one_attribute_do_not_hurt(browse, world):
    before, after = "a\n" * 2_000_000, "b" * 4_000_000
    run = shown(world, [stories.change(before={"big": before}, after={"big": after})])

    page = browse("vera").get(f"/runs/{run.id}/changes/0")

    assert len(page.data) < 200_000
    assert "more characters" in page.text


def test_expanding_all_is_bounded_and_goes_on(browse, world):
    run = shown(world, [stories.change(f"aws_x.y[{n}]") for n in range(120)])

    text = browse("vera").get(f"/runs/{run.id}/changes?open=all").text

    assert text.count('<table class="compare"') >= change_pages.OPEN_LIMIT
    assert f"open=all&amp;after={change_pages.OPEN_LIMIT - 1}" in text


def test_the_json_is_the_whole_document(browse, world):
    records = [stories.change(f"aws_x.y[{n}]") for n in range(500)]
    run = shown(world, records, notes=["A note."])

    answer = browse("vera").get(f"/runs/{run.id}/changes/document.json")

    document = json.loads(answer.data)
    assert {record["address"] for record in document["changes"]} == {r["address"] for r in records}
    assert document["notes"] == ["A note."]


def test_drift_outputs_and_checks_stand_below(browse, world):
    run = shown(
        world,
        [stories.change()],
        drift=[stories.change("aws_drifted.x")],
        outputs=[{"name": "endpoint", "action": "update", "before": "a", "after": "b"}],
        checks=[
            {"address": "check.health", "kind": "check", "status": "fail", "problems": ["down"]}
        ],
    )

    text = browse("vera").get(f"/runs/{run.id}/changes").text

    assert all(word in text for word in ("aws_drifted.x", "endpoint", "check.health", "down"))


def plans():
    folder = stories.corpus()
    found = sorted(folder.rglob("*.json")) if folder else []
    return [path for path in found if path.name != "manifest.json"]


@pytest.mark.corpus
@pytest.mark.skipif(not plans(), reason="the shared corpus is not here")
def test_every_plan_of_the_corpus_is_drawn_and_nothing_sensitive_is_shown(browse, world, tmp_path):
    visitor = browse("vera")
    drawn = 0
    for path in plans():
        if path.stat().st_size > 3_000_000:
            continue
        try:
            document = collect_plan(path, tmp_path, {"name": "terraform", "version": "1"})
        except ValueError:
            continue
        records = [
            json.loads(line) for line in (tmp_path / "changes.jsonl").read_text().splitlines()
        ]
        run = shown(world, records, **document)

        texts = [
            visitor.get(f"/runs/{run.id}/{tab}").text for tab in ("changes", "outputs", "result")
        ]
        texts.append(visitor.get(f"/runs/{run.id}/changes?open=all").text)

        for secret in secrets_of(json.loads(path.read_bytes())):
            assert not any(secret in text for text in texts), (path.name, secret)
        drawn += 1

    assert drawn > 30


def secrets_of(plan):
    """Texts that the plan marks as sensitive wherever they stand, long enough to mean something."""
    secret, clear = set(), set()
    changes = [each.get("change") or {} for each in plan.get("resource_changes") or []]
    for change in [*changes, *(plan.get("output_changes") or {}).values()]:
        for side in ("before", "after"):
            _collect(change.get(side), change.get(f"{side}_sensitive"), secret, clear)
    return {text for text in secret if len(text) > 5 and not any(text in other for other in clear)}


def _collect(value, mark, secret, clear):
    if isinstance(value, dict):
        for key, inner in value.items():
            _collect(inner, mark.get(key) if isinstance(mark, dict) else mark, secret, clear)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            own = mark[at] if isinstance(mark, list) and at < len(mark) else mark
            _collect(inner, own, secret, clear)
    elif isinstance(value, str):
        (secret if mark is True else clear).add(value)
