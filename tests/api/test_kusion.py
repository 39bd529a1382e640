"""docs/kusion.md: each request that it shows is sent as it stands, and answers as it says."""

import json
import re

import pytest

from models.base import db
from models.run_state import RunState, RunType
from services import runs
from tests import run_stories as stories
from tests.rules.test_docs import ROOT
from tests.services.runs.workshop import SOURCE

BLOCK = re.compile(r"```http\n(.+?)```", re.DOTALL)
PAGE = (ROOT / "docs" / "kusion.md").read_text(encoding="utf-8")
REQUESTS = BLOCK.findall(PAGE)


@pytest.fixture
def named(world):
    """The runs that the page calls by a name."""
    world.stack.source = SOURCE
    deployment = world.deployment()
    preview = stories.told(deployment, stories.FINISHED_PREVIEW, type=RunType.PREVIEW)
    stories.with_changes(preview, [stories.change()])
    applied = stories.told(deployment, stories.APPLIED)
    applied.result = "apply completed"
    unconfirmed = stories.told(deployment)
    unconfirmed.plan_sha256 = stories.SHA
    planning = stories.told(deployment, stories.TO_A_PLAN, type=RunType.PREVIEW)
    db.session.commit()
    waiting = runs.create(
        world.dave,
        runs.NewRun(project="shop", stack="web", workspace="staging", type=RunType.PREVIEW),
    )
    assert planning.state is RunState.PLANNING
    return {
        "$PREVIEW": preview.id,
        "$APPLIED": applied.id,
        "$UNCONFIRMED": unconfirmed.id,
        "$PLANNING": planning.id,
        "$RUN": waiting.id,
    }


@pytest.mark.parametrize("block", REQUESTS, ids=[each.partition("\n")[0] for each in REQUESTS])
def test_a_request_of_the_page_answers_as_it_says(api, named, block):
    asked, _, answered = block.partition("→ ")
    line, _, body = asked.partition("\n")
    method, path = line.split()
    for name, run_id in named.items():
        path = path.replace(name, run_id)
    status, _, shown = answered.partition("\n")

    answer = api("dave").open(
        f"/api/v1{path}", method=method, json=json.loads(body) if body.strip() else None
    )

    assert answer.status_code == int(status), answer.text
    for field, value in json.loads(shown or "{}").items():
        assert field in answer.json
        if value != {}:
            assert answer.json[field] == value


def test_every_call_of_the_table_leads_to_a_part_of_the_page():
    headings = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }

    assert set(re.findall(r"\(#([\w-]+)\)", PAGE)) <= headings
