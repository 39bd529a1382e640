"""Every fault, over and over, and the figures: `make faults SEED=… ROUNDS=… ONLY=…`.

The seed decides the order of the faults and the moments at which they strike; what the machine
makes of it differs from time to time. It ends with 1 when anything was lost, doubled or untrue.
"""

import argparse
import os
import random
import statistics
import sys
import time
import traceback
from dataclasses import dataclass, field

from lib import logs
from tests.faults import hosts, kills, outages, outside, races, stopping
from tests.faults.harness import scene
from tests.faults.judge import doubled, judge, lost

_LONG_S = 30.0
_CUT_S = 60.0
_ERRORS_S = 20.0
_CANCELS = 300
_REAL_CANCELS = 20


@dataclass
class Tally:
    """What became of one kind of fault."""

    tried: int = 0
    accepted: int = 0
    lost: int = 0
    doubled: int = 0
    orphans_s: list[float] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


class Campaign:
    """The tallies, and the way to add to them."""

    def __init__(self, seed):
        self.rng = random.Random(seed)  # noqa: S311 - it must be the same again
        self.tallies = {}

    def do(self, here, name, fault, *, times=1):
        """Do a fault in a scene, judge what it left, and count."""
        tally = self.tallies.setdefault(name, Tally())
        tally.tried += times
        began = time.monotonic()
        try:
            said = fault(here)
            found = judge(here)
        except Exception:  # noqa: BLE001 - one fault's trouble must not keep the others from being tried
            found, said = [traceback.format_exc()], "-"
        tally.accepted += len(here.accepted)
        tally.lost += len(lost(here))
        tally.doubled += len(doubled(here))
        tally.troubles += found
        print(f"{time.monotonic() - began:6.1f} s  {name}: {said}", flush=True)
        for trouble in found:
            print(f"          NOT WELL: {trouble}", flush=True)
        here.forget()
        _mend(here)

    def strike(self, here, target, moment):
        """Kill something at a moment."""

        def fault(place):
            struck = kills.strike(place, self.rng, target, moment)
            if struck.orphan_s is not None:
                self.tallies[name].orphans_s.append(struck.orphan_s)
            return struck

        name = f"kill: {target}"
        self.do(here, name, fault)


def _mend(here):
    """Have exactly one portal at work, whatever the fault has left."""
    for server in here.servers[1:]:
        here.kill(server)
    if here.servers and not here.server.is_alive:
        here.servers.clear()
    if not here.servers:
        here.start()


def _kills(campaign, kind):
    blows = kills.combinations()
    campaign.rng.shuffle(blows)
    with scene(kind=kind) as here:
        here.start()
        for target, moment in blows:
            campaign.strike(here, target, moment)


def _races(campaign, kind):
    rng = campaign.rng
    with scene(kind=kind) as here:
        here.start()
        campaign.do(here, "fifty confirms at once", lambda it: races.confirm_many(it)[:2])
        for _ in range(10):
            campaign.do(here, "confirm against discard", races.confirm_against_discard)
        stack = here.stack()
        for _ in range(_CANCELS // 50):
            fault = _cancels(rng, 50, stack)
            campaign.do(here, "cancel against the end", fault, times=50)
        fault = _cancels(rng, _REAL_CANCELS, None)
        campaign.do(here, "cancel against an apply's end", fault, times=_REAL_CANCELS)


def _cancels(rng, count, stack):
    def fault(here):
        outcomes = races.cancel_against_end(here, rng, count, stack=stack)
        wrong = races.unexpected(outcomes)
        assert not wrong, wrong
        return {pair: outcomes.count(pair) for pair in sorted(set(outcomes))}

    return fault


def _stops(campaign, kind):
    with scene(kind=kind) as here:
        here.start()
        campaign.do(here, "forced end", _nothing_left)
        campaign.do(here, "drained", stopping.drained)
        campaign.do(here, "handed over", stopping.handed_over)
        campaign.do(here, "directory and processes gone", _one_in_hand)


def _nothing_left(here):
    early, state, left = stopping.forced_end(here)
    assert (early, state, left) == (409, "canceled", []), (early, state, left)
    return state


def _one_in_hand(here):
    _, names = outages.directory_gone(here)
    assert names == ["first"], names
    return names


def _outages(campaign, kind):
    away, seconds = outages.sqlite_locked, _LONG_S
    if kind == "postgres":
        away, seconds = outages.connections_cut, _CUT_S
    with scene(kind=kind) as here:
        here.start()
        name = f"database away ({kind}, {seconds:.0f} s)"
        campaign.do(here, name, lambda it: outages.database_away(it, away, seconds))
        campaign.do(here, "state backend answers errors", _kept_outside)


def _kept_outside(here):
    code, refused, names, is_free = outside.errors_meanwhile(here, _ERRORS_S)
    assert (code, names, is_free) == (0, ["first", "last", "work"], True), (code, names, is_free)
    assert refused
    return f"{refused} requests refused"


def _disk(campaign, _kind):
    with outages.small_disk(160) as disk:
        if disk is None:
            print("no file system can be mounted here: the full disk was not tried")
            return
        with scene(data_dir=disk / "data") as here:
            here.start(disk_floor_mb=40)
            campaign.do(here, "disk below the floor", outages.below_the_floor)
            campaign.do(here, "disk full during an apply", outages.full_while_applying)


def _hosts(campaign, kind):
    rng = campaign.rng
    with scene(kind="postgres") as here:
        here.start()
        here.start()
        campaign.do(here, "fifty confirms, two portals", lambda it: races.confirm_many(it)[:2])
        here.start()
        campaign.do(here, "two portals, one killed", lambda it: hosts.many_runs(it, rng))
        campaign.do(here, "clocks an hour apart", _claimed_once)
    with scene(kind=kind) as here:
        here.start()
        campaign.do(here, "portal frozen beyond its lease", lambda it: _taken_over(campaign, it))
    if kind == "postgres" and hosts.can_be_elsewhere():
        with scene(kind="postgres") as here:
            campaign.do(here, "machine lost", lambda it: _lost_for_good(campaign, it))


def _claimed_once(here):
    epochs = hosts.clocks_apart(here)
    assert set(epochs) == {1}, epochs
    return epochs


def _taken_over(campaign, here):
    found_s = hosts.frozen(here)
    campaign.tallies["portal frozen beyond its lease"].orphans_s.append(found_s)
    [run] = here.accepted
    assert here.now(run).state == "finished"
    return f"taken over after {found_s:.0f} s"


def _lost_for_good(campaign, here):
    found_s, state = hosts.machine_lost(here, "applying")
    campaign.tallies["machine lost"].orphans_s.append(found_s)
    here.finish()
    assert (found_s < 60, state) == (True, "failed"), (found_s, state)
    return f"found after {found_s:.0f} s, {state}"


PARTS = {
    "kills": _kills,
    "races": _races,
    "stops": _stops,
    "outages": _outages,
    "disk": _disk,
    "hosts": _hosts,
}


def report(campaign):
    """The figures as a table, and whether all is well."""
    print("\n| fault | tried | accepted | lost | doubled | not well | orphan found after, s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    tallies = campaign.tallies
    for name, it in tallies.items():
        print(f"| {name} | {_row(it)} |")
    whole = Tally(
        *(sum(getattr(it, key) for it in tallies.values()) for key in _COUNTED),
        [each for it in tallies.values() for each in it.orphans_s],
        [each for it in tallies.values() for each in it.troubles],
    )
    print(f"| **all** | {_row(whole)} |")
    return not (whole.lost or whole.doubled or whole.troubles)


_COUNTED = ("tried", "accepted", "lost", "doubled")


def _row(tally):
    found = sorted(tally.orphans_s)
    shown = "–"
    if found:
        shown = f"median {statistics.median(found):.1f}, longest {found[-1]:.1f}, of {len(found)}"
    counts = [getattr(tally, key) for key in _COUNTED]
    return " | ".join(str(part) for part in (*counts, len(tally.troubles), shown))


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, by commas")
    parser.add_argument("--kind", default="sqlite,postgres", help="databases, by commas")
    asked = parser.parse_args()
    logs.configure("warning", "text")
    campaign = Campaign(asked.seed)
    print(f"seed {asked.seed}, {asked.rounds} rounds, load {os.getloadavg()[0]:.1f}")
    for _ in range(asked.rounds):
        for kind in asked.kind.split(","):
            for part in asked.only.split(","):
                PARTS[part](campaign, kind)
    sys.exit(0 if report(campaign) else 1)
