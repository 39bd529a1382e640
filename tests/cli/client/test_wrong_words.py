"""What somebody is told who mistypes, or who stops a command."""

import click
import pytest
from click.testing import CliRunner

from cli import gantry
from cli.client.command import connected
from cli.client.failures import Exit, Refused


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["runn"], "Did you mean “run”?"),
        (["run", "lst"], "Did you mean “list” or “logs”?"),
        (["schedule", "resum"], "Did you mean “resume”?"),
    ],
)
def test_a_misspelled_command_is_answered_with_the_one_that_was_meant(words, meant):
    done = CliRunner().invoke(gantry, words)

    assert done.exit_code == Exit.USAGE
    assert meant in done.stderr


def test_a_command_that_resembles_none_is_only_refused():
    done = CliRunner().invoke(gantry, ["xyzzy"])

    assert done.exit_code == Exit.USAGE
    assert "Did you mean" not in done.stderr


@pytest.mark.parametrize("end", [KeyboardInterrupt, click.Abort])
def test_a_command_that_is_interrupted_ends_with_130_and_says_so(end):
    @click.command()
    @connected
    def endless(_here):
        raise end

    done = CliRunner().invoke(endless)

    assert done.exit_code == Exit.INTERRUPTED
    assert done.stderr == "gantry: Interrupted.\n"


def test_a_number_that_is_none_is_called_so():
    done = CliRunner().invoke(gantry, ["run", "list", "--limit", "x"])

    assert "'x' is not a valid whole number." in done.stderr


def test_a_token_that_is_no_good_is_told_in_the_words_of_the_command_line():
    said = Refused(401, {"detail": "Send one as “Authorization: Bearer gty_…”."}).message

    assert "does not take this token" in said
    assert "“gantry login” signs in" in said
    assert "Bearer" not in said


def test_what_is_not_there_is_called_a_name_or_an_id():
    said = Refused(404, {"detail": "There is nothing here that you may see. It may …"}).message

    assert said == "There is nothing of this name or id that you may see."
