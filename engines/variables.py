"""Which variables nobody may set, because they would steer the engine instead of the code."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_TERRAFORM_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_NAME_LENGTH = 200
_RESERVED = frozenset({
    "source", "version", "providers", "count", "for_each", "lifecycle", "depends_on", "locals",
})  # fmt: skip
_FIXED = "Gantry sets it itself, so that runs are kept apart."
_LOADER = "it changes which program code is loaded into every process of a run."
_STEERS = "it steers the engine behind Gantry's back."

_EXACT = {
    "PATH": _FIXED,
    "HOME": _FIXED,
    "TMPDIR": _FIXED,
    "TMP": _FIXED,
    "TEMP": _FIXED,
    "USER": _FIXED,
    "LOGNAME": _FIXED,
    "SHELL": _FIXED,
    "PWD": _FIXED,
    "OLDPWD": _FIXED,
    "IFS": "it changes how shells read every command of a run.",
    "ENV": "shells run what it names before every command.",
    "BASH_ENV": "shells run what it names before every command.",
    "SHELLOPTS": "it changes how shells read every command of a run.",
    "CHECKPOINT_DISABLE": _FIXED,
    "TF_WORKSPACE": "it is the workspace of the run; read it as terraform.workspace.",
    "TF_DATA_DIR": _FIXED,
    "TF_CLI_CONFIG_FILE": _FIXED,
    "TERRAFORM_CONFIG": _FIXED,
    "TF_IN_AUTOMATION": _FIXED,
    "TF_INPUT": _FIXED,
    "TF_LOG_PATH": "the log of a run is Gantry's; set TF_LOG alone.",
}
_PREFIXES = (
    ("LD_", _LOADER),
    ("DYLD_", _LOADER),
    ("GLIBC_TUNABLES", _LOADER),
    ("PYTHON", _LOADER),
    ("NODE_OPTIONS", _LOADER),
    ("PERL5", _LOADER),
    ("RUBYOPT", _LOADER),
    ("BASH_FUNC_", _LOADER),
    ("GIT_", "it changes where code is fetched from and what git runs."),
    ("GANTRY_", "names that begin so are Gantry's own."),
    ("TF_CLI_ARGS", "it adds options to commands: -destroy would turn a plan into a destroy."),
    ("TF_HTTP_", "the state is Gantry's to keep."),
    ("TF_VAR_", "make it a terraform variable instead, without the TF_VAR_."),
    ("TF_REATTACH_PROVIDERS", _STEERS),
)
_ALLOWED = re.compile(r"TF_(LOG|LOG_CORE|LOG_PROVIDER|TOKEN_\w+|REGISTRY_\w+|ACC)\Z")


def refused(name: str, category: str) -> str | None:
    """Say why a variable may not be set, in a sentence, or None.

    ``category`` is ``terraform`` or ``environment``.
    """
    if len(name) > _NAME_LENGTH:
        return f"A variable's name has at most {_NAME_LENGTH} characters."
    if category == "terraform":
        return _refused_in_terraform(name)
    if not _NAME.match(name):
        return "An environment variable's name has letters, digits and underscores only."
    reason = _reason(name.upper())
    return f"{name} may not be set: {reason}" if reason else None


def _refused_in_terraform(name: str) -> str | None:
    if not _TERRAFORM_NAME.match(name):
        return "A terraform variable's name has letters, digits, underscores and hyphens only."
    if name in _RESERVED:
        return f"{name} may not be set: terraform keeps this name for itself."
    return None


def _reason(name: str) -> str | None:
    if name in _EXACT:
        return _EXACT[name]
    for prefix, reason in _PREFIXES:
        if name.startswith(prefix):
            return reason
    if name.startswith(("TF_", "TOFU_")) and not _ALLOWED.match(name):
        return _STEERS
    return None
