"""Room on the disk: below a floor nothing begins that changes things, and then cannot say what."""

import shutil

from services.house import house


def free_bytes() -> int:
    """How much of the data directory's disk is free."""
    return shutil.disk_usage(house().data_dir).free


def floor_bytes() -> int:
    """How much must stay free for anything to start that changes things."""
    return house().disk_floor_bytes


def is_too_little() -> bool:
    """Whether there is less than the floor."""
    return free_bytes() < floor_bytes()


def words() -> str:
    """What is free and what is needed, in a sentence."""
    free, floor = free_bytes() >> 20, house().disk_floor_bytes >> 20
    return f"{free:,} MB are free on the data directory's disk; {floor:,} MB are the least."
