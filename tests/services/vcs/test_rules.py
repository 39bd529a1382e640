import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.vcs import rules


@pytest.mark.parametrize(
    ("path", "globs", "changed", "found"),
    [
        ("", [], ["README.md"], "README.md"),
        ("", [], [], None),
        ("web", [], ["db/a.tf", "web/a.tf"], "web/a.tf"),
        ("web", [], ["website/a.tf"], None),
        ("web/", [], ["web/deep/down/a.tf"], "web/deep/down/a.tf"),
        ("web", [], ["web"], "web"),  # It was a file, a link or a submodule once.
        ("web", ["modules/**"], ["modules/vpc/a.tf"], "modules/vpc/a.tf"),
        ("web", ["modules/**"], ["other/modules/a.tf"], None),
        ("web", ["*.tfvars"], ["deep/a.tfvars"], None),
        ("web", ["**/*.tfvars"], ["deep/down/a.tfvars"], "deep/down/a.tfvars"),
        ("web", ["**/*.tfvars"], ["a.tfvars"], "a.tfvars"),
        ("web", ["shared/?.tf"], ["shared/a.tf"], "shared/a.tf"),
        ("web", ["shared/?.tf"], ["shared/ab.tf"], None),
        ("web", ["a[1].tf"], ["a[1].tf"], "a[1].tf"),
        ("web", ["a/**/b.tf"], ["a/b.tf"], "a/b.tf"),
        ("web", ["a/**/b.tf"], ["a/x/y/b.tf"], "a/x/y/b.tf"),
        ("web", ["a/**/b.tf"], ["a/xb.tf"], None),
    ],
)
def test_a_path_and_globs_say_what_concerns_a_deployment(path, globs, changed, found):
    assert rules.touched(path, globs, changed) == found


@pytest.mark.parametrize(
    ("glob", "tag", "is_named"),
    [
        ("v*", "v1.2", True),
        ("v*", "w1", False),
        ("", "v1", False),
        ("release/*", "release/1", True),
    ],
)
def test_a_glob_names_tags(glob, tag, is_named):
    assert rules.matches(glob, tag) is is_named


def test_a_hostile_glob_takes_no_longer_than_another():
    begun = time.monotonic()

    assert not rules.matches("**a" * 80, "a" * 1000 + "b")
    assert time.monotonic() - begun < 2


@given(st.text("ab*?/", max_size=7), st.text("ab/", max_size=7))
def test_globs_mean_what_their_regular_expressions_mean(glob, name):
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.findall(r"\*\*/|\*\*|\*|\?|.", glob)
    wanted = re.fullmatch("".join(words.get(part, re.escape(part)) for part in parts), name)

    assert rules.matches(glob, name) is (bool(glob) and wanted is not None)


@pytest.mark.parametrize("glob", ["", " ", "/web/*", "../x", "a/../b", "x" * 256, "a\nb"])
def test_what_is_no_glob_is_refused(glob):
    assert rules.glob_problem(glob)


def test_a_usual_glob_is_taken():
    assert rules.glob_problem("modules/**/*.tf") is None
