"""Doing the same thing in two threads at one moment."""

import threading

from models.base import db


def at_once(app, act):
    """What two threads got that did this at the same moment; it must have gone well for both."""
    db.session.rollback()
    answers, problems, gate = [], [], threading.Barrier(2)

    def do():
        with app.app_context():
            gate.wait(10)
            try:
                answers.append(act())
            except Exception as error:  # noqa: BLE001 - told to the test below
                problems.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=do) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert problems == []
    return answers
