"""Where the plans are that nobody here wrote; their README says whose they are."""

import os
from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[3] / "shared"
CORPUS = Path(os.environ.get("GANTRY_SHARED", _BESIDE)) / "corpus"
PLANS = sorted(CORPUS.glob("plans/*.json"))
EQUIVALENCE = sorted(path.parent for path in CORPUS.glob("equivalence/*/plan.json"))
EVERY_PLAN = [*PLANS, *(case / "plan.json" for case in EQUIVALENCE)]


def name_of(path):
    return path.parent.name if path.name == "plan.json" else path.stem[-60:]
