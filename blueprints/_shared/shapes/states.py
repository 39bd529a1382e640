"""Shapes of state versions."""

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared.shapes import Id, Instant, PersonName, Sha256, shape
from blueprints._shared.shapes.nouns import RunLink

StateVersion = TypedDict(
    "StateVersion",
    {
        "id": Annotated[Id, Field(description="What it is called.")],
        "serial": Annotated[int, Field(description="Rises with each version.", examples=[7])],
        "lineage": Annotated[
            str,
            Field(
                description="The same for all states of one origin.",
                examples=["5b1c6a2e-4f0e-9d7b-8a43-0c2f1d9e7b60"],
            ),
        ],
        "sha256": Annotated[Sha256, Field(description="SHA-256 of its content.")],
        "size_bytes": Annotated[int, Field(description="How large it is.", examples=[18342])],
        "resource_count": Annotated[
            int, Field(description="How many resources are in it.", examples=[41])
        ],
        "kind": Annotated[
            str,
            Field(
                description="Where it came from: a run, a client outside, an import, a rollback; "
                "or a candidate, which is not current until somebody takes it.",
                examples=["run"],
            ),
        ],
        "note": Annotated[str, Field(description="Why it was made, by its maker.", examples=[""])],
        "from": Annotated[
            str | None,
            Field(description="The version that it was rolled back to.", examples=[None]),
        ],
        "created_at": Annotated[Instant, Field(description="When it was stored.")],
        "created_by": Annotated[PersonName, Field(description="Who made it.")],
        "run": Annotated[RunLink | None, Field(description="The run that wrote it, if one did.")],
        "current": Annotated[
            bool, Field(description="Whether it is the deployment's present state.")
        ],
    },
)
StateVersion.__doc__ = "What the engine knew of a deployment's resources at some time."
shape(StateVersion)


@shape
class StateComparison(TypedDict):
    """What differs between two state versions."""

    before: StateVersion
    """The one."""
    after: StateVersion
    """The other."""
    summary: Annotated[dict[str, int], Field(examples=[{"create": 1, "update": 0, "delete": 0}])]
    """How many resources differ, by what would have been done."""
    changes: Annotated[list[dict[str, Any]], Field(examples=[[]])]
    """The resources that differ, as in a change document."""
    outputs: Annotated[list[dict[str, Any]], Field(examples=[[]])]
    """The outputs that differ."""
    more: Annotated[int, Field(examples=[0])]
    """How many more differ than are listed."""
