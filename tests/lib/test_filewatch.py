"""Changes of files wake who waits for them, with and without inotify."""

import os
import threading
import time

import pytest

from lib.filewatch import DirectoryWatch, FileWatch


@pytest.fixture(params=[False, True], ids=["inotify", "polling"])
def poll(request):
    return request.param


def append(path, text="x"):
    with path.open("a") as file:
        file.write(text)


def wait_for(watch, expected, within_s=3.0):
    seen, deadline = set(), time.monotonic() + within_s
    while not expected <= seen and time.monotonic() < deadline:
        seen |= watch.wait(0.2)
    return seen


def test_a_folder_s_watch_names_what_was_written_and_moved_there(tmp_path, poll):
    with DirectoryWatch(tmp_path, poll=poll) as watch:
        append(tmp_path / "written")
        (tmp_path / "other").mkdir()
        append(tmp_path / "other" / "file")
        (tmp_path / "other" / "file").rename(tmp_path / "moved")

        assert {"written", "moved"} <= wait_for(watch, {"written", "moved"})


def test_waiting_ends_with_its_time_and_with_a_descriptor(tmp_path, poll):
    read_fd, write_fd = os.pipe()
    with DirectoryWatch(tmp_path, poll=poll) as watch:
        assert watch.wait(0.01) == set()
        os.write(write_fd, b"!")
        started = time.monotonic()
        assert watch.wait(5, fds=(read_fd,)) == set()
    os.close(read_fd)
    os.close(write_fd)

    assert time.monotonic() - started < 1


def test_only_watched_files_are_told(tmp_path, poll):
    watched, other = tmp_path / "watched", tmp_path / "other"
    with FileWatch(poll=poll) as watch:
        watch.add(watched)
        append(other)
        append(watched)

        assert wait_for(watch, {watched}) == {watched}


def test_files_are_added_while_somebody_waits(tmp_path, poll):
    late = tmp_path / "late"
    seen = []
    with FileWatch(poll=poll) as watch:
        thread = threading.Thread(target=lambda: seen.append(wait_for(watch, {late})))
        thread.start()
        watch.add(late)
        append(late)
        thread.join()

    assert seen == [{late}]


def test_a_file_removed_as_often_as_added_is_told_no_more(tmp_path, poll):
    path = tmp_path / "file"
    with FileWatch(poll=poll) as watch:
        watch.add(path)
        watch.add(path)
        watch.remove(path)
        append(path)
        assert wait_for(watch, {path}) == {path}

        watch.remove(path)
        watch.remove(path)
        append(path)
        assert watch.wait(0.15) == set()


def test_a_wake_ends_the_waiting_at_once(tmp_path):
    with FileWatch() as watch:
        watch.add(tmp_path / "file")
        threading.Timer(0.05, watch.wake).start()
        started = time.monotonic()

        assert watch.wait(5) == set()

        assert time.monotonic() - started < 2


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with FileWatch() as watch, pytest.raises(FileNotFoundError):
        watch.add(tmp_path / "missing" / "file")


def test_a_change_is_seen_within_milliseconds(tmp_path):
    path = tmp_path / "file"
    with FileWatch() as watch:
        watch.add(path)
        written = []
        threading.Timer(0.05, lambda: (written.append(time.monotonic()), append(path))).start()

        assert watch.wait(5) == {path}

        assert time.monotonic() - written[0] < 0.1  # It takes less than one, on an idle machine.
