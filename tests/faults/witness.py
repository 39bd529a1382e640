"""A witness outside of the portal: a file to which each apply adds a line at its start and end.

What the portal says of itself is held against it. A line is `start NONCE` or `end NONCE`; the nonce
is a variable of the run, and stands in its plan, so a plan that is applied twice is seen twice.
"""

from collections import Counter
from pathlib import Path

#: `first` says that an apply has begun, `last` that it has ended; `work` waits between them.
CODE = """
variable "nonce" {{ type = string }}
variable "work" {{
  type    = string
  default = "true"
}}
variable "slow" {{
  type    = string
  default = ""
}}

resource "terraform_data" "first" {{
  triggers_replace = [var.nonce]
  provisioner "local-exec" {{ command = "echo start ${{var.nonce}} >> {witness}" }}
}}

resource "terraform_data" "work" {{
  depends_on       = [terraform_data.first]
  triggers_replace = [var.nonce]
  provisioner "local-exec" {{ command = var.work }}
}}

data "terraform_remote_state" "slow" {{
  count      = var.slow == "" ? 0 : 1
  depends_on = [terraform_data.first]
  backend    = "http"
  config     = {{ address = var.slow, retry_max = 0 }}
}}

resource "terraform_data" "last" {{
  depends_on       = [terraform_data.work, data.terraform_remote_state.slow]
  triggers_replace = [var.nonce]
  provisioner "local-exec" {{ command = "echo end ${{var.nonce}} >> {witness}" }}
}}
"""
TICK_S = 0.05


class Witness:
    """The file, and what it says."""

    def __init__(self, folder: Path):
        self.path = folder / "witness"
        self.path.touch()

    @property
    def files(self):
        """The code of a stack whose applies it witnesses."""
        return {"main.tf": CODE.format(witness=self.path)}

    def ticking(self, count):
        """Work that prints `tick 1` to `tick COUNT`, one each twentieth of a second.

        It does not hear interrupts: whoever cancels waits for what is in hand.
        """
        turn = f"i=$((i+1)); echo tick $i; sleep {TICK_S}"
        return f"trap '' INT; i=0; while [ $i -lt {count} ]; do {turn}; done"

    def lines(self):
        """What was said, in its order: (word, nonce)."""
        return [tuple(line.split()) for line in self.path.read_text().splitlines()]

    def times(self, word, nonce):
        """How often this was said."""
        return Counter(self.lines())[word, nonce]

    def has_begun(self, nonce):
        """Whether an apply with this nonce has begun."""
        return self.times("start", nonce) > 0
