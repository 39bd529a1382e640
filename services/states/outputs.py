"""What a deployment puts out: what its last run left, or what a state that came otherwise says."""

from models.project import Deployment
from services import blobs, deployments
from services.access import Action, Actor, require
from services.deployments import OutputLine
from services.states.handling import readable
from services.states.versions import current_version


def outputs(actor: Actor, deployment: Deployment) -> list[OutputLine]:
    """The outputs of the current state, by name; of a sensitive one only that it is there."""
    require(actor, Action.SEE, deployment)
    if deployment.outputs_run_id is not None or deployment.current_state_id is None:
        return deployments.outputs(actor, deployment)
    version = current_version(deployment)
    if version is None:
        return []
    state = readable(deployment, blobs.read(version.blob_id), version.run_id)
    return [
        OutputLine(name, row.type, row.sensitive, None if row.sensitive else row.value)
        for name, row in sorted(state.outputs.items())
    ]
