"""Lines of a log as HTML: colours become classes, everything else is harmless text.

Each line stands by itself, so a page can show any of them; the colours that hold at its start are
handed in and out as `state`, the text of a colour sequence. The classes are ansi2html's
(`ansi1`, `ansi31`, `ansi38-208`, `inv40` …): no inline style, so a strict CSP holds.
"""

import html
import re
from collections.abc import Iterable
from functools import lru_cache

from ansi2html import Ansi2HTMLConverter

LINE_LIMIT_CHARS = 4000

# What a terminal would obey: CSI sequences; OSC, DCS, SOS, PM and APC strings to their end;
# other escapes. An OSC 8 link leaves its text and loses its address.
_CONTROL_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]?"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
_COLOUR = re.compile(r"\x1b\[([0-9;:]*)m")
_COLOURS = re.compile(r"(?:\x1b\[[0-9;:]*m)+")
_CONTROL_CHARACTER = re.compile(
    # C0 but tab and escape, DEL, C1, and the marks that turn the direction of text.
    "[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_ESCAPE_IN_BYTES = re.compile(rb"\x1b\[[0-9;:]*m")
_STEPS = (0, 95, 135, 175, 215, 255)
_RESET = "\x1b[0m"


def lines_to_html(lines: Iterable[bytes], state: str = "") -> tuple[list[str], str]:
    """Each line (without its end) as HTML, and the state after the last.

    Of a line that was rewritten with carriage returns, what a terminal would show last is kept; a
    line longer than LINE_LIMIT_CHARS is clipped and says so.
    """
    clean = []
    for line in lines:
        before, text, clipped = _clean(line)
        clean.append((state_after(before, state), text, clipped))
        # Colours of what is not shown hold on all the same.
        state = state_after(line, state)
    return _to_html(clean), state


def state_after(data: bytes, state: str = "") -> str:
    """The colours that hold after `data` when `state` held before it."""
    if b"\x1b" not in data:
        return state
    return _state_after(b"".join(_ESCAPE_IN_BYTES.findall(data)).decode(), state)


def strip(data: bytes) -> str:
    """`data` as plain text: no colours, no control characters but line ends and tabs."""
    text = _CONTROL_SEQUENCE.sub("", data.decode("utf-8", "replace"))
    return "\n".join(_CONTROL_CHARACTER.sub("", line) for line in text.split("\n"))


def _clean(line: bytes) -> tuple[bytes, str, int]:
    """What of `line` was written over, what is shown with only colours in it, chars clipped."""
    before, shown = _last_writing(line) if b"\r" in line else (b"", line)
    text = shown.decode("utf-8", "replace")
    clipped = max(0, len(text) - LINE_LIMIT_CHARS)
    if clipped:
        text = text[:LINE_LIMIT_CHARS]
    if "\x1b" in text:
        text = _normal_colours(_CONTROL_SEQUENCE.sub(_keep_colour, text))
    if not text.isprintable():
        text = _CONTROL_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)
    return before, text, clipped


def _last_writing(line: bytes) -> tuple[bytes, bytes]:
    """`line` parted before its last writing: progress shows its end, not its steps."""
    line = line.rstrip(b"\r")
    before, _, last = line.rpartition(b"\r")
    return before, last


def _keep_colour(match: re.Match[str]) -> str:
    return match[0] if _COLOUR.fullmatch(match[0]) else ""


def _normal_colours(text: str) -> str:
    """`text` with its colour sequences joined and made plain: semicolons, 256 colours, not 2²⁴."""
    return _COLOURS.sub(lambda match: _normal_sequence(match[0]), text)


@lru_cache(1024)  # A log uses a handful of colours, again and again.
def _normal_sequence(sequences: str) -> str:
    return _sequence([code for match in _COLOUR.finditer(sequences) for code in _codes(match[1])])


def _sequence(codes: list[str]) -> str:
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def _codes(parameters: str) -> list[str]:
    """The codes of one sequence; an extended colour (`38;5;208`) is one code."""
    numbers = [int(n[-3:] or 0) for n in re.split("[;:]", parameters)]
    codes, at = list[str](), 0
    while at < len(numbers):
        code, taken = str(numbers[at]), 1
        if numbers[at] in (38, 48, 58):
            code, taken = _extended(numbers[at : at + 5])
        if code:
            codes.append(code)
        at += taken
    return codes


def _extended(numbers: list[int]) -> tuple[str, int]:
    """The code of an extended colour, empty when it is malformed, and how many numbers it took."""
    match numbers:
        case [kind, 5, colour, *_]:
            return (f"{kind};5;{min(colour, 255)}" if kind != 58 else ""), 3
        case [kind, 2, red, green, blue]:
            colour = 16 + 36 * _step(red) + 6 * _step(green) + _step(blue)
            return (f"{kind};5;{colour}" if kind != 58 else ""), 5
        case _:
            return "", len(numbers)


def _step(value: int) -> int:
    """The step of xterm's colour cube that is nearest to `value`."""
    return min(range(6), key=lambda step: abs(_STEPS[step] - value))


@lru_cache(1024)
def _state_after(sequences: str, state: str) -> str:
    """The shortest sequence that stands for `state` and then `sequences`."""
    held: dict[str, str] = {}
    for match in _COLOUR.finditer(state + sequences):
        for code in _codes(match[1]):
            _hold(held, code)
    return _sequence(list(held.values()))


def _hold(held: dict[str, str], code: str) -> None:
    number = int(code.partition(";")[0])
    if number == 0:
        held.clear()
    elif slot := _slot(number):
        held.pop(slot, None)
        if number not in (22, 23, 24, 25, 27, 28, 29, 39, 49):
            held[slot] = code


def _slot(number: int) -> str:
    """The property that a code sets; empty for one that sets none known here."""
    if number in (38, 39) or 30 <= number <= 37 or 90 <= number <= 97:
        return "colour"
    if number in (48, 49) or 40 <= number <= 47 or 100 <= number <= 107:
        return "background"
    return {
        1: "weight", 2: "weight", 22: "weight", 3: "slant", 23: "slant", 4: "underline",
        24: "underline", 5: "blink", 6: "blink", 25: "blink", 7: "inverse", 27: "inverse",
        8: "hidden", 28: "hidden", 9: "struck", 29: "struck",
    }.get(number, "")  # fmt: skip


def _to_html(lines: list[tuple[str, str, int]]) -> list[str]:
    coloured = [at for at, (state, text, _) in enumerate(lines) if state or "\x1b" in text]
    # One call for all of them: the converter costs more to enter than to run.
    document = "\n".join(lines[at][0] + lines[at][1] + _RESET for at in coloured)
    converted = Ansi2HTMLConverter(inline=False).convert(document, full=False) if coloured else ""
    by_line = dict(zip(coloured, converted.split("\n"), strict=False))
    return [
        (by_line[at] if at in by_line else html.escape(text, quote=False)) + _clip_note(clipped)
        for at, (_, text, clipped) in enumerate(lines)
    ]


def _clip_note(clipped: int) -> str:
    if not clipped:
        return ""
    return f'<span class="log-clipped"> … {clipped:,} more characters</span>'
