"""The log holds no secret, whoever writes it and in whatever shape."""

import json
import logging

import pytest
import structlog

from lib import ids, logs, redaction

TOKEN = ids.make_token("service").text


@pytest.mark.parametrize(
    "said",
    [
        f"Authorization: Bearer {TOKEN}",
        f"curl -H 'X: {TOKEN}' failed",
        "gty_the-operator-chose-this-one-himself-0001",
        "Bearer abcdef0123456789",
        "Basic dXNlcjpwYXNzd29yZA==",
        "https://dave:s3cret-word@git.example.com/x.git",
        "ghp_0123456789abcdefghij pushed",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    ],
    ids="header curl operators bearer basic url github aws pem".split(),
)
def test_what_opens_doors_is_hidden_in_any_text(said):
    clean = redaction.text(said)

    assert redaction.HIDDEN in clean
    for secret in (TOKEN[30:], "himself", "abcdef0123", "dXNl", "s3cret", "0123456789abcdefghij"):
        assert secret not in clean
    assert "MIIE" not in clean
    assert "IOSFODNN7" not in clean


def test_of_our_tokens_the_id_stays_so_that_they_can_be_revoked():
    assert redaction.text(TOKEN).startswith(TOKEN[:32])
    assert redaction.text(TOKEN) == f"{TOKEN[:32]}_{redaction.HIDDEN}"


@pytest.mark.parametrize(
    "said",
    [
        "Basic functionality of bearer instruments",
        "https://git.example.com/x.git@main",
        "gty_user_06gzq1k2v5c8m9r3tw4x was revoked",
        "the token expired",
    ],
)
def test_plain_words_stay_as_they_are(said):
    assert redaction.text(said) == said


def test_values_are_hidden_by_their_names_at_any_depth():
    given = {"headers": {"Cookie": "gantry=1", "Accept": "*"}, "items": [{"password": "x"}]}

    assert redaction.value("request", given) == {
        "headers": {"Cookie": "(secret)", "Accept": "*"},
        "items": [{"password": "(secret)"}],
    }
    assert redaction.value("token_id", "06gz") == "06gz"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_line_of_the_log_holds_a_token(capsys, log_format):
    logs.configure("info", log_format)
    try:
        structlog.get_logger("ours").info("sent", sent=TOKEN, headers={"Authorization": TOKEN})
        logging.getLogger("somebody.else").warning("refused %s", TOKEN)
        try:
            raise ValueError(f"no such thing as {TOKEN}")
        except ValueError:
            structlog.get_logger("ours").exception("failed")
    finally:
        logs.configure("warning", "text")

    said = capsys.readouterr().err
    assert TOKEN[:32] in said
    assert TOKEN[33:] not in said
    if log_format == "json":
        lines = [json.loads(line) for line in said.splitlines()]
        assert lines[0]["event"] == "sent"
        assert "Traceback" in lines[2]["exception"]
