"""A service's API on the loopback: it keeps what it is told, and checks what it gets."""

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "a-token-that-nobody-may-see"
AUTHORIZATION = {
    "github": ("Authorization", f"Bearer {TOKEN}"),
    "gitea": ("Authorization", f"token {TOKEN}"),
    "gitlab": ("PRIVATE-TOKEN", TOKEN),
}
STATES = {
    "github": {"error", "failure", "pending", "success"},
    "gitea": {"error", "failure", "pending", "success", "warning"},
    "gitlab": {"pending", "running", "success", "failed", "canceled", "skipped"},
}
PREFIX = {
    "github": "/api/v3/repos/team/infra",
    "gitea": "/api/v1/repos/team/infra",
    "gitlab": "/api/v4/projects/team%2Finfra",
}
THREAD = {"github": "issues/7/comments", "gitlab": "merge_requests/7/notes"}


class Forge:
    """What the service knows. `refuse` makes it answer every call with that status."""

    def __init__(self, kind):
        self.kind = kind
        self.statuses, self.comments, self.calls, self.problems = [], {}, [], []
        self.refuse = 0
        self.may_push = True

    def answer(self, method, path, headers, body):
        self.calls.append(f"{method} {path}")
        name, value = AUTHORIZATION[self.kind]
        if headers.get(name) != value:
            return 401, {"message": "Bad credentials"}
        if self.refuse:
            return self.refuse, {"message": "no"}
        path, _, _query = path.partition("?")
        if path.endswith("/user"):
            return 200, {"login": "gantry-bot", "username": "gantry-bot"}
        if not path.startswith(PREFIX[self.kind]):
            return 404, {"message": "Not Found"}
        return self._of_repository(method, path.removeprefix(PREFIX[self.kind]), body)

    def _of_repository(self, method, path, body):
        if path == "":
            access = {"access_level": 30 if self.may_push else 20}
            return 200, {
                "full_name": "team/infra",
                "path_with_namespace": "team/infra",
                "default_branch": "main",
                "permissions": {
                    "push": self.may_push,
                    "project_access": access,
                    "group_access": None,
                },
            }
        status = re.fullmatch(r"/statuses/([0-9a-f]{40})", path)
        if status and method == "POST":
            return self._set_status(status[1], json.loads(body))
        thread = "/" + THREAD.get(self.kind, THREAD["github"])
        if path == thread:
            return self._thread(method, body)
        one = re.fullmatch(r"(?:/issues/comments|/merge_requests/7/notes)/(\d+)", path)
        if one and method == ("PUT" if self.kind == "gitlab" else "PATCH"):
            if one[1] not in self.comments:
                return 404, {"message": "Not Found"}
            self.comments[one[1]] = json.loads(body)["body"]
            return 200, {"id": int(one[1]), "body": self.comments[one[1]]}
        self.problems.append(f"{method} {path} is no call of {self.kind}")
        return 404, {"message": "Not Found"}

    def _set_status(self, sha, said):
        context = said.get("context") or said.get("name")
        longest = 255 if self.kind == "gitlab" else 140
        if said["state"] not in STATES[self.kind] or len(said["description"]) > longest:
            self.problems.append(f"a status that {self.kind} does not know: {said}")
            return 422, {"message": "Validation Failed"}
        if self.kind == "gitlab":
            same = [s for s in self.statuses if s[:2] == (sha, context)]
            if same and same[-1][2] == said["state"]:
                return 400, {"message": f"Cannot transition status via :x from :{said['state']}"}
        self.statuses.append((sha, context, said["state"], said["description"], said["target_url"]))
        return 201, {"id": len(self.statuses)}

    def _thread(self, method, body):
        if method == "POST":
            identity = str(1000 + len(self.comments))
            self.comments[identity] = json.loads(body)["body"]
            return 201, {"id": int(identity), "body": self.comments[identity]}
        return 200, [{"id": int(key), "body": text} for key, text in self.comments.items()]


@contextmanager
def serve(kind):
    """A forge that listens; its address is `url`."""
    forge = Forge(kind)

    class Handler(BaseHTTPRequestHandler):
        def _do(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            code, said = forge.answer(self.command, self.path, self.headers, body)
            sent = json.dumps(said).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = do_PATCH = _do  # noqa: N815 - http.server looks for these.

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        forge.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield forge
        http.shutdown()
        thread.join()
