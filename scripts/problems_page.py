"""Write docs/problems.md, the kinds of refusal, from their table: part of `make openapi`."""

from pathlib import Path

from blueprints._shared.problems import PROBLEMS, Problem

PAGE = Path(__file__).resolve().parent.parent / "docs" / "problems.md"
HEAD = (
    "# How the API refuses\n\n"
    "Every refusal is `application/problem+json` (RFC 9457). Its `type` is one of the paths below: "
    "it never changes, so\nprograms may go by it, and the portal has a page there. `detail` is a "
    "sentence for people, `request_id` names the\nrequest in the portal's log. A refusal has "
    "changed nothing. This page is written by `make openapi`.\n"
)


def text() -> str:
    """The page as the table has it."""
    return HEAD + "".join(map(_section, PROBLEMS))


def _section(problem: Problem) -> str:
    return (
        f"\n## {problem.title}\n\n`{problem.status}` `{problem.type}`\n\n"
        f"{problem.means}\n\n{problem.remedy}\n"
    )


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
