"""From output to log: rendered, masked, taken over, and never stopped by a renderer."""

import pytest

from lib.log_file import LogWriter
from lib.masking import Masker
from scheduler.transcript import PlainText, Transcript, renderer


class Shouting(PlainText):
    """Shouts each line, holds back an unfinished one, and cannot bear a question."""

    def __init__(self):
        super().__init__()
        self._held = b""

    def feed(self, chunk):
        if b"?" in chunk:
            raise ValueError("a question")
        *lines, self._held = (self._held + chunk).split(b"\n")
        self.diagnostics += [{"summary": line.decode()} for line in lines if b"!" in line]
        return b"".join(line.upper() + b"\n" for line in lines)

    def finish(self):
        return self._held.upper()


@pytest.fixture
def output(tmp_path):
    return tmp_path / "output"


@pytest.fixture
def log(tmp_path):
    with LogWriter(tmp_path / "run.log") as log:
        log.write(b"before\n")
        yield log


def test_output_is_rendered_and_then_masked(output, log, tmp_path):
    transcript = Transcript(output, Shouting(), Masker(["SECRET"]), log)
    transcript.copy()
    output.write_bytes(b"one\nsec")
    transcript.copy()
    output.write_bytes(b"one\nsecret!\nlast")

    end = transcript.finish()

    assert (tmp_path / "run.log").read_bytes() == b"before\nONE\n[secret]!\nLAST"
    assert end == log.size
    assert transcript.diagnostics() == ({"summary": "secret!"},)


@pytest.mark.parametrize("logged", range(0, 22, 3))
def test_a_successor_leaves_out_what_the_log_has(output, log, tmp_path, logged):
    text = b"ONE\n[secret]\nAND LAST"
    log.write(text[:logged])
    output.write_bytes(b"one\nsecret\nand last")
    transcript = Transcript(output, Shouting(), Masker(["SECRET"]), log)
    transcript.skip_what_is_logged(len(b"before\n"))

    end = transcript.finish()

    assert (tmp_path / "run.log").read_bytes() == b"before\n" + text
    assert end == log.size


def test_what_others_wrote_after_the_step_is_not_the_step_s(output, log):
    log.write(b"ONE\n")
    end_of_step = log.size
    log.write(b"a note of somebody else\n")
    output.write_bytes(b"one\n")
    transcript = Transcript(output, Shouting(), Masker([]), log)
    transcript.skip_what_is_logged(len(b"before\n"))

    assert transcript.finish() == end_of_step


def test_a_renderer_that_fails_leaves_its_trace_and_the_output_goes_on(output, log, tmp_path):
    transcript = Transcript(output, Shouting(), Masker([]), log)
    output.write_bytes(b"fine\n")
    transcript.copy()
    with output.open("ab") as file:
        file.write(b"why?\n")

    transcript.finish()

    text = (tmp_path / "run.log").read_text()
    assert text.startswith("before\nFINE\nTraceback")
    assert text.endswith("ValueError: a question\nwhy?\n")


def test_renderers_are_known_by_name():
    assert isinstance(renderer("text"), PlainText)
    with pytest.raises(LookupError):
        renderer("nobody's")
