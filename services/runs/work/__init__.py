"""What a worker reports about the run it holds.

Every report carries the claim's epoch. It is compared with the run's, which is held for update, in
the transaction that writes: whoever lost the run writes nothing.
"""

from services.runs.work.claims import claim, is_at_work, may_clear, stop_wanted, take_over
from services.runs.work.ends import LOST_LIMIT, fail, finish, interrupted, lose
from services.runs.work.fence import Claim, Fenced, check, held
from services.runs.work.plans import Planned, burn, finish_plan
from services.runs.work.reports import (
    EngineUsed,
    StepReport,
    base_state,
    declare_backend,
    enter,
    pin,
    step,
)

__all__ = [
    "LOST_LIMIT",
    "Claim",
    "EngineUsed",
    "Fenced",
    "Planned",
    "StepReport",
    "base_state",
    "burn",
    "check",
    "claim",
    "declare_backend",
    "enter",
    "fail",
    "finish",
    "finish_plan",
    "held",
    "interrupted",
    "is_at_work",
    "lose",
    "may_clear",
    "pin",
    "step",
    "stop_wanted",
    "take_over",
]
