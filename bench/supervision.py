"""What supervising costs: from start to result, CPU per step, a loud step, and the log's parts.

Run from the repository's root: `python -m bench.supervision`.
"""

import hashlib
import os
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path

from lib.ansi import lines_to_html
from lib.log_file import LogReader, compress
from lib.masking import Masker
from scheduler.spawner import Spawner
from scheduler.step import StepSpec

LINE = "terraform_data.item[%.0f]: Still creating... [10s elapsed, nothing to see here]"
MEBIBYTE = 1024 * 1024


def main() -> None:
    """Measure everything and print it."""
    with tempfile.TemporaryDirectory() as place, Spawner(Path(place)) as spawner:
        folder = Path(place)
        spawner.start(_spec(folder, "warm", "true")).wait()
        _one_after_another(spawner, folder)
        _four_at_once(spawner, folder)
        _latency(spawner, folder)
        for count in (200_000, 1_000_000):
            _loud(spawner, folder, count)
        _zygote_memory(spawner)
    _masking()
    _html()


def _spec(folder: Path, name: str, script: str, secrets: tuple[str, ...] = ()) -> StepSpec:
    return StepSpec(
        run_id=name,
        epoch=1,
        name=name,
        step_dir=folder / "work" / name,
        argv=("sh", "-c", script),
        cwd=folder,
        log_path=folder / "logs" / f"{name}.log",
        env={"PATH": "/usr/bin:/bin"},
        secrets=secrets,
    )


def _one_after_another(spawner: Spawner, folder: Path, count: int = 200) -> None:
    seconds, busy = [], _busy_s()
    for number in range(count):
        started = time.perf_counter()
        spawner.start(_spec(folder, f"one-{number}", "echo hi")).wait()
        seconds.append(time.perf_counter() - started)
    busy = _busy_s() - busy
    seconds.sort()
    print(f"start → result     median {statistics.median(seconds) * 1e3:.1f} ms, ", end="")
    print(
        f"p95 {seconds[int(count * 0.95)] * 1e3:.1f} ms, machine busy {busy / count * 1e3:.1f} ms"
    )


def _four_at_once(spawner: Spawner, folder: Path, count: int = 400) -> None:
    names = iter([f"four-{number}" for number in range(count)])
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                name = next(names, None)
            if name is None:
                return
            spawner.start(_spec(folder, name, "echo hi")).wait()

    threads = [threading.Thread(target=work) for _ in range(4)]
    started, busy = time.perf_counter(), _busy_s()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed, busy = time.perf_counter() - started, _busy_s() - busy
    print(f"four at once       {count / elapsed * 60:,.0f} a minute, ", end="")
    print(f"machine busy {busy / count * 1e3:.1f} ms each")


def _latency(spawner: Spawner, folder: Path) -> None:
    script = "for i in $(seq 20); do date +%s.%N; sleep .03; done"
    spec = _spec(folder, "latency", script)
    handle, delays, seen = spawner.start(spec), [], 0
    while handle.wait(0.0005) is None:
        data = spec.log_path.read_bytes() if spec.log_path.exists() else b""
        now = time.time()
        delays += [now - float(line) for line in data[seen:].splitlines()]
        seen = len(data)
    delays.sort()
    print(f"line → log         median {statistics.median(delays) * 1e3:.1f} ms, ", end="")
    print(f"max {delays[-1] * 1e3:.1f} ms")


def _loud(spawner: Spawner, folder: Path, count: int) -> None:
    script, name = f"seq -f '{LINE}' {count}", f"loud-{count}"
    spec = _spec(folder, name, script, secrets=("correct-horse-battery",))
    started = time.perf_counter()
    handle = spawner.start(spec)
    peak_kib = 0
    while handle.wait(0.02) is None:
        peak_kib = max(peak_kib, _supervisor_private_kib(spec))
    elapsed = time.perf_counter() - started
    expected = hashlib.sha256()
    for number in range(1, count + 1):
        expected.update((LINE % number).encode() + b"\n")
    same = hashlib.sha256(spec.log_path.read_bytes()).digest() == expected.digest()
    print(f"{count:,} lines   {elapsed:.2f} s, equal sha256: {same}, supervisor {peak_kib} KiB")
    _pages(spec.log_path, count)
    started = time.perf_counter()
    compress(spec.log_path)
    print(f"  compressed in    {time.perf_counter() - started:.2f} s")
    _pages(spec.log_path, count)


def _pages(path: Path, count: int) -> None:
    worst = 0.0
    for first in (1, count // 3, count // 2, count - 500):
        started = time.perf_counter()
        with LogReader(path) as log:
            log.page(first, 500)
            log.line_count  # noqa: B018 - its cost is part of a page.
        worst = max(worst, time.perf_counter() - started)
    started = time.perf_counter()
    with LogReader(path) as log:
        log.search("not to be found")
    print(f"  worst page       {worst * 1e3:.1f} ms, fruitless search ", end="")
    print(f"{(time.perf_counter() - started) * 1e3:.0f} ms")


def _zygote_memory(spawner: Spawner) -> None:
    rollup = Path(f"/proc/{spawner.zygote_pid}/smaps_rollup").read_text().splitlines()
    pss = next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    print(f"zygote             {pss / 1024:.1f} MiB (PSS)")


def _masking() -> None:
    data = (LINE % 7).encode() + b"\n"
    data *= 32 * MEBIBYTE // len(data)
    rng = random.Random(1)  # noqa: S311 - the same every time.
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    for count in (0, 1, 10):
        masker = Masker("".join(rng.choices(letters, k=32)) for _ in range(count))
        started = time.perf_counter()
        for at in range(0, len(data), MEBIBYTE // 2):
            masker.feed(data[at : at + MEBIBYTE // 2])
        rate = len(data) / (time.perf_counter() - started) / 1e6
        print(f"masking            {count} secrets: {rate:,.0f} MB/s")


def _html() -> None:
    lines = [b'\x1b[1m\x1b[32m  + resource\x1b[0m "aws_instance" "web" { # <new>'] * 500
    started = time.perf_counter()
    for _ in range(10):
        lines_to_html(lines)
    print(f"500 lines as HTML  {(time.perf_counter() - started) * 100:.1f} ms")


def _supervisor_private_kib(spec: StepSpec) -> int:
    from scheduler import step  # noqa: PLC0415 - only this looks into a step's directory.

    record = step.supervisor_record(spec.step_dir)
    try:
        # The record is JSON, whose values mypy takes for plain ones.
        rollup = Path(f"/proc/{record['process'][0]}/smaps_rollup").read_text()  # type: ignore[index]
    except (OSError, TypeError):
        return 0
    return sum(int(li.split()[1]) for li in rollup.splitlines() if li.startswith("Private_Dirty"))


def _busy_s() -> float:
    """CPU seconds of the whole machine: supervisors are nobody's children to be counted."""
    user, nice, system = Path("/proc/stat").read_text().split()[1:4]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
