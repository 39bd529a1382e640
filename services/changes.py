"""The change document of a run: kept record by record, so that ten thousand open at once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import zstandard
from sqlalchemy import delete, insert

from models.run_content import RunChange, RunDocument
from services.runs.work import Claim, held
from services.transaction import transaction

_ORDER = {"delete": 0, "replace": 1, "create": 2, "update": 3}
_BATCH = 500
_HEAD = (
    "mode",
    "name",
    "provider",
    "order",
    "reason",
    "previous_address",
    "import_id",
    "deposed",
    "replace_paths",
)


Packed = dict[str, Any]
"""A change as its row keeps it."""


def pack(records: Iterable[str]) -> list[Packed]:
    """Changes, one masked JSON text each, as they are kept: destroy and replace come first.

    They are packed one by one, so that ten thousand never stand in memory unpacked.
    """
    return sorted(map(_pack, records), key=lambda row: (_rank(row["action"]), row["address"]))


def keep(claim: Claim, document: Mapping[str, Any], packed: Sequence[Packed]) -> None:
    """Keep a run's change document: all but its changes, and these as `pack` made them."""
    rows = [
        {**row, "position": position, "run_id": claim.run_id} for position, row in enumerate(packed)
    ]
    with transaction() as here:
        held(claim)
        here.execute(delete(RunChange).where(RunChange.run_id == claim.run_id))
        here.execute(delete(RunDocument).where(RunDocument.run_id == claim.run_id))
        here.add(RunDocument(run_id=claim.run_id, document=dict(document)))
        for start in range(0, len(rows), _BATCH):
            here.execute(insert(RunChange), rows[start : start + _BATCH])


def unpack(data: bytes) -> dict[str, Any]:
    """A change record from the bytes its row keeps."""
    record: dict[str, Any] = json.loads(zstandard.decompress(data))
    return record


def _pack(text: str) -> Packed:
    record = json.loads(text)
    return {
        "address": record["address"],
        "type": record.get("type") or "",
        "module": record.get("module") or "",
        "action": record["action"],
        "head": {key: record[key] for key in _HEAD if record.get(key) is not None},
        "size_bytes": len(text),
        "data": zstandard.compress(text.encode(), 3),
    }


def _rank(action: str) -> int:
    return _ORDER.get(action, len(_ORDER))
