"""Real repositories on disk, and a real git server on the loopback that asks for a password."""

import base64
import contextlib
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from integrations.git import Git
from lib.net import AllowedHosts

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05+02:00",
    "GIT_COMMITTER_NAME": "Charles",
    "GIT_COMMITTER_EMAIL": "charles@example.com",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05+02:00",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "PATH": os.environ["PATH"],
}


class Repository:
    """A working repository that a test fills, and its bare copy that Gantry reads."""

    def __init__(self, directory):
        self.work = directory / "work"
        self.bare = directory / "served" / "stack.git"
        self.url = f"file://{self.bare}"
        self.work.mkdir(parents=True)
        self.bare.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))

    def git(self, *arguments, stdin=None):
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.work,
            env=IDENTITY,
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def write(self, path, text):
        target = self.work / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def link(self, path, target):
        (self.work / path).parent.mkdir(parents=True, exist_ok=True)
        (self.work / path).symlink_to(target)

    def commit(self, message="Add code"):
        """Commit everything, hand it to the bare copy and return the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        self.push()
        return self.git("rev-parse", "HEAD")

    def push(self, *refs):
        self.git("push", "--quiet", "--force", str(self.bare), *(refs or ["main"]))

    def commit_tree(self, *entries):
        """A commit of hand-made tree entries (mode, type, id, path), on main of the bare copy."""
        lines = "".join(f"{mode} {kind} {sha}\t{path}\0" for mode, kind, sha, path in entries)
        tree = self.git("mktree", "-z", "--missing", stdin=lines.encode())
        sha = self.git("commit-tree", tree, "-m", "made by hand")
        self.git("update-ref", "refs/heads/main", sha)
        self.push()
        return sha

    def blob(self, text):
        return self.git("hash-object", "-w", "--stdin", stdin=text.encode())


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path)
    made.write("main.tf", 'output "hi" { value = "hi" }\n')
    made.write("stacks/web/main.tf", "# web\n")
    made.commit("Say hi\n\nBecause someone has to.")
    return made


@pytest.fixture
def scratch(tmp_path):
    directory = tmp_path / "scratch"
    directory.mkdir()
    return directory


@pytest.fixture
def make_git(tmp_path, scratch):
    def make(**settings):
        allowed = AllowedHosts.parse(["http://127.0.0.1", f"file://{tmp_path / 'served'}"])
        return Git(**{"allowed": allowed, "scratch": scratch, "timeout_s": 20, **settings})

    return make


@pytest.fixture
def git(make_git):
    return make_git()


class GitOverHttp(BaseHTTPRequestHandler):
    """`git http-backend` behind a password; what was asked is noted on the server."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.server.redirect_to:
            self._answer(301, Location=self.server.redirect_to + self.path)
        elif self.headers.get("Authorization") != self.server.authorization:
            self._answer(401, **{"WWW-Authenticate": 'Basic realm="git"'})
        else:
            self._run_backend()

    do_POST = do_GET  # noqa: N815 - http.server looks for this name.

    def log_message(self, *_):
        pass

    def _answer(self, status, **headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _run_backend(self):
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environment = {
            **IDENTITY,
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(
            ["git", "http-backend"], env=environment, input=body, capture_output=True, check=True
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def over_http(root, login):
    """What lies below a directory over http, for one `user:password`; its address is `url`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), GitOverHttp) as http:
        http.root = root
        http.authorization = "Basic " + base64.b64encode(login.encode()).decode()
        http.redirect_to = None
        http.asked = []
        http.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        try:
            yield http
        finally:
            http.shutdown()
            thread.join()


@pytest.fixture
def server(repository):
    """The repository over http, for user `ada` with the password `open sesame`."""
    with over_http(repository.bare.parent, "ada:open sesame") as http:
        http.url += "/stack.git"
        yield http


def files_in(directory: Path):
    return sorted(
        str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()
    )
