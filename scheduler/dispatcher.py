"""Who may start now. Verbs admit the next in line; this looks again for what was missed."""

from models import run_queue
from services import runs
from services.transaction import session, transaction

PASS_LIMIT = 200


def look_again(limit: int = PASS_LIMIT) -> int:
    """One bounded pass: give away locks that are free though a run waits. Returns how many."""
    places = list(session().scalars(run_queue.places_to_admit(limit)))
    for deployment_id in places:
        with transaction():
            runs.admit(deployment_id)
    return len(places)
