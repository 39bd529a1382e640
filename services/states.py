"""States of deployments: kept as encrypted versions, with the resources and outputs they hold."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from lib import clock, ids
from models.project import Deployment
from models.run import Run
from models.run_content import Resource, RunOutput, StateVersion
from services import blobs
from services.house import house
from services.runs.work import Claim, held
from services.transaction import session, transaction


@dataclass(frozen=True)
class KeptResource:
    """A resource of a state, as its engine describes it. `digest` tells whether it changed."""

    address: str
    module: str
    type: str
    provider: str
    instance_id: str
    digest: str


@dataclass(frozen=True)
class KeptOutput:
    """An output of a state, in clear."""

    value: Any
    type: Any
    sensitive: bool


@dataclass(frozen=True)
class State:
    """A state file and what it says of itself."""

    content: bytes
    serial: int
    lineage: str
    resources: Sequence[KeptResource]
    outputs: Mapping[str, KeptOutput]


def keep(claim: Claim, state: State) -> StateVersion | None:
    """Make a run's state the deployment's current one; None when it already is.

    The resources are written down with the runs that made and last changed each, and the outputs
    become the run's and the deployment's.
    """
    digest = hashlib.sha256(state.content).hexdigest()
    with transaction() as here:
        run = held(claim)
        deployment = here.get_one(Deployment, run.deployment_id)
        current = _current(deployment)
        _keep_outputs(run, state)
        deployment.outputs_run_id = run.id
        if current is not None and current.sha256 == digest:
            return None
        version = StateVersion(
            id=ids.new_id(),
            deployment_id=deployment.id,
            run_id=run.id,
            blob_id=blobs.put("state", state.content).id,
            serial=state.serial,
            lineage=state.lineage,
            sha256=digest,
            size_bytes=len(state.content),
            resource_count=len(state.resources),
            created_by_name=run.created_by_name,
        )
        here.add(version)
        deployment.current_state_id = version.id
        deployment.resource_count = len(state.resources)
        _keep_resources(run, state.resources)
    return version


def current(deployment_id: str) -> bytes | None:
    """The content of a deployment's current state, or None when it never had one."""
    deployment = session().get_one(Deployment, deployment_id)
    version = _current(deployment)
    return blobs.read(version.blob_id) if version else None


def base_of(run_id: str) -> bytes | None:
    """The content of the state version that a run's plan is made from, or None when it is new."""
    base_id = session().get_one(Run, run_id).base_state_id
    version = session().get(StateVersion, base_id) if base_id else None
    return blobs.read(version.blob_id) if version else None


def open_output(run_id: str, row: RunOutput) -> Any:
    """The value of an output, a sensitive one too: for those who pass it on, never for a page."""
    if row.ciphertext is None:
        return row.value
    return json.loads(house().keyring.decrypt(row.ciphertext, _output_context(run_id, row.name)))


def _current(deployment: Deployment) -> StateVersion | None:
    if deployment.current_state_id is None:
        return None
    return session().get(StateVersion, deployment.current_state_id)


def _keep_outputs(run: Run, state: State) -> None:
    here = session()
    here.execute(delete(RunOutput).where(RunOutput.run_id == run.id))
    for name, output in state.outputs.items():
        sealed = None
        if output.sensitive:
            clear = json.dumps(output.value).encode()
            sealed = house().keyring.encrypt(clear, _output_context(run.id, name))
        here.add(
            RunOutput(
                run_id=run.id,
                name=name,
                type=output.type,
                sensitive=output.sensitive,
                value=None if output.sensitive else output.value,
                ciphertext=sealed,
            )
        )


def _output_context(run_id: str, name: str) -> str:
    return f"output:{run_id}:{name}"


def _keep_resources(run: Run, resources: Sequence[KeptResource]) -> None:
    here = session()
    rows = here.scalars(select(Resource).where(Resource.deployment_id == run.deployment_id))
    known = {row.address: row for row in rows}
    for resource in resources:
        row = known.pop(resource.address, None)
        if row is None:
            row = Resource(
                deployment_id=run.deployment_id, address=resource.address, made_run_id=run.id
            )
            here.add(row)
        if row.digest != resource.digest:
            row.digest, row.changed_run_id, row.changed_at = resource.digest, run.id, clock.now()
        row.module, row.type, row.provider = resource.module, resource.type, resource.provider
        row.instance_id = resource.instance_id
    for gone in known.values():
        here.delete(gone)
