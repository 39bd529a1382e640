"""Made-up data for the kitchen sink: enough to see each component in each of its states."""

# A row is a line: tables of made-up data are read down their columns.
# ruff: noqa: E501, PYI024
# fmt: off

import json
from collections import namedtuple
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from services import comparison

NOW = datetime(2026, 11, 21, 14, 2, 14, tzinfo=UTC)
STATES = (
    "queued ready preparing initializing generating planning pending_review unconfirmed confirmed applying destroying "
    "performing testing finished failed discarded stopped canceled timed_out skipped"
).split()

Nav = namedtuple("Nav", "label url icon count active key counts")
Crumb = namedtuple("Crumb", "label url siblings")
Link = namedtuple("Link", "label url")
User = namedtuple("User", "name initials theme is_admin")
Current = namedtuple("Current", "user nav crumbs title csrf_token version request_id hold place", defaults=[None, None])
Phase = namedtuple("Phase", "state seconds current since")
Run = namedtuple("Run", "number title state stack workspace type summary person kind at seconds usual can")
Diagnostic = namedtuple("Diagnostic", "severity summary detail address file line snippet log_line")


def ago(at: datetime) -> str:
    """Like the portal's filter, against a fixed now."""
    s = (NOW - at).total_seconds()
    for limit, unit, word in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h")):
        if s < limit:
            return f"{int(s // unit)} {word} ago"
    return f"{int(s // 86400)} d ago"


def exact(at: datetime) -> str:
    """Like the portal's filter, in UTC."""
    return f"{at:%-d %b %Y, %H:%M:%S} UTC"


def before(**parts: float) -> datetime:
    """An instant that long before now."""
    return NOW - timedelta(**parts)


def current() -> Current:
    """What every page gets."""
    items = [
        ("Dashboard", "/dashboard", "dashboard", 0), ("Projects", "/parts", "folder", 0),
        ("Workspaces", "/empty", "workspace", 0), ("Runs", "/runs", "run", 3), ("Queue", "/form", "queue", 1),
        ("Modules", "/changes", "module", 0), ("Schedules", "/wizard", "schedule", 0), ("Audit", "/empty", "audit", 0),
        ("Administration", "/error", "settings", 0),
    ]
    siblings = [Link("staging", "/run"), Link("prod", "/run"), Link("prod-eu", "/run")]
    crumbs = [
        Crumb("payments", "/runs", [Link("payments", "/runs"), Link("platform", "/runs")]),
        Crumb("web", "/runs", [Link("web", "/runs"), Link("billing", "/runs")]),
        Crumb("staging", "/run", siblings),
    ]
    nav = [Nav(label, url, icon, count, label == "Runs", label[0].lower(), label.lower() if label in ("Runs", "Queue") else "") for label, url, icon, count in items]
    return Current(User("Dave Vance", "DV", "auto", True), nav, crumbs, "Gantry", "token", "0.1.0", "01JD8Z7K3Q")


def _summary(add: int, change: int, destroy: int, replace: int) -> dict[str, int]:
    return {"add": add, "change": change, "destroy": destroy, "replace": replace}


RUNS = [
    Run(131, "Rotate the signing key", "unconfirmed", "web", "prod", "apply", _summary(0, 2, 0, 1), "Dave Vance", "user", before(seconds=40), 41, 38, "confirm discard"),
    Run(130, "Raise instance size", "planning", "web", "staging", "apply", None, "Alice Munro", "user", before(minutes=1), 12.4, 40, "cancel"),
    Run(129, "Nightly drift check", "queued", "billing", "prod-eu", "preview", None, "Nightly drift", "schedule", before(minutes=2), 0.1, None, "discard"),
    Run(128, "Preview of web in staging", "pending_review", "web", "staging", "preview", _summary(1, 1, 0, 1), "Dave Vance", "user", before(minutes=14), 41, 40, "discard"),
    Run(127, "Merge pull request “Add a read replica for the orders database and its alarms”", "applying", "orders", "prod", "apply", _summary(4, 1, 0, 0), "acme/orders", "vcs", before(minutes=18), 371, 120, "cancel"),
    Run(126, "Open port 8443 for the new load balancer", "finished", "web", "staging", "apply", _summary(0, 1, 0, 0), "Vera Lind", "user", before(hours=3), 64, 61, "rerun archive"),
    Run(125, "Remove the old queue", "failed", "billing", "prod", "destroy", _summary(0, 0, 3, 0), "Alice Munro", "user", before(hours=5), 72, 30, "rerun archive"),
    Run(124, "echo hi", "stopped", "web", "staging", "task", None, "ci-robot", "service_account", before(days=1), 3.2, None, "rerun archive"),
    Run(123, "Shrink the cache", "discarded", "web", "prod", "apply", _summary(0, 1, 0, 0), "Dave Vance", "user", before(days=1), 39, 40, "rerun archive"),
    Run(122, "Upgrade the provider", "timed_out", "orders", "staging", "apply", _summary(1, 12, 0, 0), "Dave Vance", "user", before(days=2), 43200, 120, "rerun archive"),
    Run(121, "First apply", "canceled", "orders", "dev", "apply", _summary(41, 0, 0, 0), "deps", "dependency", before(days=3), 1804, 1500, "rerun archive"),
    Run(120, "Module suite of network 2.1.0", "skipped", "network", "dev", "test", None, "ops@example.org", "email", before(days=4), 0.3, None, "rerun"),
]

PHASES = [
    Phase("queued", 0.1, False, None), Phase("preparing", 0.4, False, None), Phase("initializing", 2.9, False, None),
    Phase("planning", 38, False, None), Phase("unconfirmed", 22, True, before(seconds=22)),
]
PHASES_DONE = [
    Phase("queued", 0.1, False, None), Phase("preparing", 0.4, False, None), Phase("planning", 38, False, None),
    Phase("unconfirmed", 64, False, None), Phase("confirmed", 1, False, None), Phase("applying", 95, False, None),
    Phase("finished", 0, True, None),
]


SCRIPT = "#!/bin/bash\nset -eu\n" + "".join(f"echo step {n}\n" for n in range(1, 15)) + "exit 0\n"
REPLACED = comparison.compare(
    {
        "before": {
            "instance_type": "t3.small",
            "tags": {"Owner": "core", "Legacy": True, "Team": "web"},
            "user_data": SCRIPT,
            "id": "i-0a1b2c3d4e5f60718",
            "password": "(sensitive)",
            "policy": json.dumps({"Version": "2012", "Statement": [{"Action": "s3:Get*", "Effect": "Allow"}]}),
            **{f"attribute_{n}": n for n in range(14)},
        },
        "after": {
            "instance_type": "t3.large",
            "tags": {"Owner": "payments", "CostCentre": "4711", "Team": "web"},
            "user_data": SCRIPT.replace("step 2", "step two").replace("exit 0\n", "") + "systemctl restart web\n",
            "id": None,
            "password": "(sensitive)",
            "policy": json.dumps({"Version": "2012", "Statement": [{"Action": "s3:*", "Effect": "Allow"}]}),
            **{f"attribute_{n}": n for n in range(14)},
        },
        "unknown": [["id"]],
        "sensitive": [["password"]],
        "sensitive_changed": [["password"]],
        "replace_paths": [["instance_type"]],
    }
)
CREATED = comparison.compare(
    {
        "before": None,
        "after": {"bucket": "payments-receipts-2026", "arn": None, "force_destroy": False},
        "unknown": [["arn"]],
        "sensitive": [],
        "sensitive_changed": [],
        "replace_paths": [],
    }
)
DESTROYED = comparison.compare(
    {
        "before": {"name": "old-queue", "fifo": True},
        "after": None,
        "unknown": [],
        "sensitive": [],
        "sensitive_changed": [],
        "replace_paths": [],
    }
)

ERROR = Diagnostic(
    "error",
    "Unsupported argument",
    "An argument named “instance_typ” is not expected here. Did you mean “instance_type”?",
    "aws_instance.web",
    "main.tf",
    14,
    [(12, 'resource "aws_instance" "web" {'), (13, "  ami           = var.ami"), (14, '  instance_typ  = "t3.large"'), (15, "}")],
    42,
)
WARNING = Diagnostic("warning", "Argument is deprecated", "Use the attribute “vpc” instead.", "aws_eip.front", "eip.tf", 3, None, None)

DAYS = [
    (f"{d} Nov", {"finished": (d * 7) % 17 + 3, "failed": (d * 5) % 4, "cancelled": (d * 3) % 4 // 2}) for d in range(8, 22)
]
P50 = [4, 5, 3, 6, 8, 7, 4, 4, 5, None, 6, 5, 4, 5]
P95 = [18, 22, 15, 31, 42, 38, 20, 19, 24, None, 27, 22, 19, 21]
LOG = [
    (1, Markup('<span class="ansi1">Initializing the backend…</span>'), "14:00:02.113"),
    (2, "Initializing provider plugins…", "14:00:02.190"),
    (3, "- Reusing previous version of hashicorp/aws from the dependency lock file", "14:00:02.244"),
    (4, Markup('<span class="ansi32">Terraform has been successfully initialized!</span>'), "14:00:04.801"),
]
LOG_PLAN = [
    (5, Markup('<span class="ansi1">aws_instance.web:</span> Refreshing state… [id=i-0a1b2c3d4e5f60718]'), "14:00:05.000"),
    (6, Markup('<span class="ansi1">aws_s3_bucket.receipts:</span> Refreshing state…'), "14:00:05.300"),
    (7, Markup('<span class="ansi33">│ Warning:</span> Argument is deprecated, with a very long explanation that does not fit on one line of a narrow window and therefore wraps below itself'), "14:00:31.020"),
    (8, Markup('<span class="ansi36">-/+</span> resource "aws_instance" "web" <span class="ansi90">(destroy, then create)</span>'), "14:00:38.411"),
    (9, Markup('      <span class="ansi33">~</span> instance_type = <span class="ansi31">"t3.small"</span> -&gt; <span class="ansi32">"t3.large"</span> <span class="ansi31"># forces replacement</span>'), "14:00:38.412"),
    (10, Markup('<span class="ansi1">Plan:</span> 1 to add, 1 to change, 1 to replace, 0 to destroy.'), "14:00:42.900"),
]
