"""What a state holds, written down beside it: resources with the runs that made them, outputs."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from lib import clock
from models.project import Deployment
from models.run_content import Resource, RunOutput
from services.house import house
from services.states.reading import KeptResource, State
from services.transaction import session


def keep_outputs(deployment: Deployment, run_id: str, state: State) -> None:
    """Make a state's outputs those of a run, and the run's those of the deployment."""
    here = session()
    here.execute(delete(RunOutput).where(RunOutput.run_id == run_id))
    for name, output in state.outputs.items():
        sealed = None
        if output.sensitive:
            clear = json.dumps(output.value).encode()
            sealed = house().keyring.encrypt(clear, _context(run_id, name))
        here.add(
            RunOutput(
                run_id=run_id,
                name=name,
                type=output.type,
                sensitive=output.sensitive,
                value=None if output.sensitive else output.value,
                ciphertext=sealed,
            )
        )
    deployment.outputs_run_id = run_id


def open_output(run_id: str, row: RunOutput) -> Any:
    """The value of an output, a sensitive one too: for those who pass it on, never for a page."""
    if row.ciphertext is None:
        return row.value
    return json.loads(house().keyring.decrypt(row.ciphertext, _context(run_id, row.name)))


def reseal(row: RunOutput) -> None:
    """Put an output under the keyring's primary key."""
    if row.ciphertext is not None:
        context = _context(row.run_id, row.name)
        row.ciphertext = house().keyring.reencrypt(row.ciphertext, context)


def keep_resources(
    deployment: Deployment, run_id: str | None, resources: Sequence[KeptResource]
) -> None:
    """Write down what exists there now; `run_id` is who made and changed what is new or differs."""
    here = session()
    rows = here.scalars(select(Resource).where(Resource.deployment_id == deployment.id))
    known = {row.address: row for row in rows}
    for resource in resources:
        row = known.pop(resource.address, None)
        if row is None:
            row = Resource(
                deployment_id=deployment.id, address=resource.address, made_run_id=run_id
            )
            here.add(row)
        if row.digest != resource.digest:
            row.digest, row.changed_run_id, row.changed_at = resource.digest, run_id, clock.now()
        row.module, row.type, row.provider = resource.module, resource.type, resource.provider
        row.instance_id = resource.instance_id
    for gone in known.values():
        here.delete(gone)
    deployment.resource_count = len(resources)


def _context(run_id: str, name: str) -> str:
    return f"output:{run_id}:{name}"
