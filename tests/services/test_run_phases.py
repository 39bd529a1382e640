"""Which part of a log is whose, and where the time went."""

from models.run_state import RunState
from services.runs import reading
from services.runs.phases import END_OF_LOG, strip
from tests import run_stories as stories

S = RunState
LOGS = {S.PREPARING: b"fetched\n", S.INITIALIZING: b"init\nok\n", S.PLANNING: b"plan\n" * 3}


def test_each_phase_at_work_has_its_part_of_the_log_and_no_byte_is_left_out(world):
    run = stories.told(world.deployment(), stories.APPLYING, logs={**LOGS, S.APPLYING: b"go\n"})

    found = {phase.state: phase for phase in reading.phases_of(run)}

    assert (found[S.PREPARING].log_start, found[S.PREPARING].log_end) == (0, 8)
    assert (found[S.INITIALIZING].log_start, found[S.INITIALIZING].log_end) == (8, 16)
    assert (found[S.PLANNING].log_start, found[S.PLANNING].log_end) == (16, 31)
    assert (found[S.APPLYING].log_start, found[S.APPLYING].log_end) == (31, None)
    assert not found[S.QUEUED].has_log


def test_the_last_part_of_a_log_ends_with_the_run(world):
    run = stories.told(world.deployment(), stories.FINISHED_PREVIEW, logs=LOGS)

    found = {phase.state: phase for phase in reading.phases_of(run)}

    assert found[S.PLANNING].log_end == END_OF_LOG
    assert not any(phase.current for phase in found.values())


def test_a_run_claimed_twice_keeps_the_two_plannings_apart(world):
    path = [*stories.TO_A_PLAN, (S.READY, 1.0), (S.PREPARING, 1.0), (S.PLANNING, 2.0)]
    run = stories.told(world.deployment(), path[:5], logs=LOGS)
    run.claim_epoch = 2

    found = [phase for phase in reading.phases_of(run) if phase.state is S.PLANNING]

    assert [phase.log_start for phase in found] == [16]


def test_a_step_of_an_adopted_run_belongs_to_the_state_it_was_adopted_in(world):
    run = stories.told(world.deployment(), stories.FINISHED_PREVIEW, logs=LOGS)
    step = next(
        step for phase in reading.phases_of(run) for step in phase.steps if step.number == 3
    )
    step.epoch = 7  # The portal was restarted; who adopts a run raises its epoch.

    found = {phase.state: phase for phase in reading.phases_of(run)}

    assert step in found[S.PLANNING].steps


def test_durations_are_those_of_the_states_and_a_current_one_goes_on(world, frozen_clock):
    run = stories.told(world.deployment(), stories.UNCONFIRMED)
    frozen_clock.advance(5)

    found = {phase.state: phase.seconds for phase in strip(reading.phases_of(run))}

    assert found[S.PLANNING] == 40.0
    assert found[S.UNCONFIRMED] == 65.0


def test_phases_that_took_no_time_are_not_drawn(world):
    path = [(S.QUEUED, 0.0), (S.READY, 0.0), (S.PREPARING, 3.0), (S.FAILED, 0.0)]
    run = stories.told(world.deployment(), path)

    drawn = strip(reading.phases_of(run))

    assert [phase.state for phase in drawn] == [S.PREPARING]
