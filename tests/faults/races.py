"""People, and the run itself, who want different things at the same moment."""

import threading
import time

_PAUSE_S = 0.02


def together(*calls):
    """Call all of these at the same moment; their answers in the same order."""
    answers = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def one(number, call):
        start.wait()
        answers[number] = call()

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def confirm_many(scene, count=50):
    """Many confirm one plan, through every portal there is. The answers, sorted."""
    run = scene.ask(scene.stack(), ticks=2)
    scene.settled(run)
    servers = [scene.servers[number % len(scene.servers)] for number in range(count)]
    answers = together(*(lambda to=to: to.verb(run.id, "confirm") for to in servers))
    run.confirmed = answers.count(200)
    scene.ended(run)
    return sorted(answers)


def confirm_against_discard(scene):
    """One confirms while another one discards. (Confirm's answer, discard's, the state after)."""
    run = scene.ask(scene.stack())
    scene.settled(run)
    answers = together(
        lambda: scene.server.verb(run.id, "confirm"),
        lambda: scene.server.verb(run.id, "discard"),
    )
    run.confirmed = answers.count(200) and int(answers[0] == 200)
    return *answers, scene.ended(run).state.value


def cancel_against_end(scene, rng, rounds, *, stack=None):
    """Cancel runs about when they end by themselves. (Answer of the cancel, state after) of each.

    With a stack these are tasks on it, which cost little; else real applies.
    """
    outcomes = []
    for _ in range(rounds):
        run = _about_to_end(scene, rng, stack)
        time.sleep(rng.uniform(0, 3 * _PAUSE_S) if stack else rng.uniform(0, 0.5))
        answer = scene.server.verb(run.id, "cancel")
        outcomes.append((answer, scene.ended(run).state.value))
        scene.settle(run.stack)
    return outcomes


def _about_to_end(scene, rng, stack):
    if stack is not None:
        nonce_file = scene.witness.path
        command = (
            f"echo start NONCE >> {nonce_file}; sleep {_PAUSE_S}; echo end NONCE >> {nonce_file}"
        )
        run = scene.ask(stack, kind="task", command=command, init=False)
    else:
        run = scene.ask(scene.stack(), ticks=rng.randint(1, 4), auto_apply=True)
    scene.until_begun(run)
    return run


def unexpected(outcomes):
    """Those of the outcomes in which answer and state do not go together."""
    expected = {200: {"stopped", "finished"}, 409: {"finished"}}
    return [pair for pair in outcomes if pair[1] not in expected.get(pair[0], set())]
