"""Variables: set in many places, the nearest wins; secrets go in and never come out."""

from services.variables.effective import (
    LAYERS,
    Asked,
    EffectiveVariable,
    RunVariableInput,
    effective,
    effective_each,
    input_of,
    merge,
    run_inputs,
)
from services.variables.kept import (
    NewValue,
    Place,
    VariableLine,
    Written,
    delete,
    get,
    of,
    of_deployment,
    put,
)
from services.variables.rules import UNSET
from services.variables.sealed import unseal

__all__ = [
    "LAYERS",
    "UNSET",
    "Asked",
    "EffectiveVariable",
    "NewValue",
    "Place",
    "RunVariableInput",
    "VariableLine",
    "Written",
    "delete",
    "effective",
    "effective_each",
    "get",
    "input_of",
    "merge",
    "of",
    "of_deployment",
    "put",
    "run_inputs",
    "unseal",
]
