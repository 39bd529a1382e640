"""A stack whose engine this Gantry has no longer: a sentence, and nothing is made."""

import pytest

from models.base import db
from services.errors import Invalid
from tests.services.runs.workshop import ask


def test_a_run_of_an_engine_that_is_not_here_is_refused_with_the_reason(world):
    world.stack.engine = "abacus"
    db.session.commit()

    with pytest.raises(Invalid, match="has no engine “abacus”"):
        ask(world.dave, "preview")
