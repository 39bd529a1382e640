"""Names that would steer the engine are refused, with the reason."""

import pytest

from engines import variables


@pytest.mark.parametrize(
    "name",
    [
        "LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONSTARTUP", "GIT_SSH_COMMAND", "PATH",
        "HOME",
        "TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_DATA_DIR", "TF_WORKSPACE", "TF_HTTP_ADDRESS",
        "TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "TF_REATTACH_PROVIDERS", "TF_ENCRYPTION",
        "BASH_ENV", "ENV", "GANTRY_SECRET_KEY", "TMPDIR", "ld_preload", "TF_LOG_PATH",
    ],
)  # fmt: skip
def test_a_name_that_steers_is_refused_with_the_reason(name):
    reason = variables.refused(name, "environment")

    assert reason.startswith(f"{name} may not be set: ")
    assert reason.endswith(".")


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID",
        "TF_LOG",
        "TF_TOKEN_app_example_com",
        "GOOGLE_CREDENTIALS",
        "_x",
        "HTTP_PROXY",
    ],
)
def test_other_names_are_welcome(name):
    assert variables.refused(name, "environment") is None


def test_a_tf_var_is_told_where_it_belongs():
    assert "terraform variable" in variables.refused("TF_VAR_region", "environment")


@pytest.mark.parametrize("name", ["", "1a", "a b", "a=b", "é", "a\n", "x" * 300])
@pytest.mark.parametrize("category", ["environment", "terraform"])
def test_what_is_no_name_is_refused(name, category):
    assert variables.refused(name, category)


def test_terraform_keeps_some_names_for_itself():
    assert variables.refused("count", "terraform")
    assert variables.refused("my-count", "terraform") is None
