"""Deliveries as GitHub, GitLab and Gitea send them: the fields of their documentation, signed."""

import base64
import hashlib
import hmac
import json
import uuid

SECRET = "a secret that only two know"
A, B, C = "a" * 40, "b" * 40, "c" * 40
NOUGHT = "0" * 40


def signature(body, secret=SECRET):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def github(name, sent, *, secret=SECRET, delivery=None):
    body = json.dumps(sent).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/760256b",
        "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
        "X-GitHub-Event": name,
        "X-Hub-Signature-256": f"sha256={signature(body, secret)}",
    }
    return headers, body


def gitea(name, sent, *, secret=SECRET, delivery=None, brand="Gitea"):
    body = json.dumps(sent, indent=2).encode()
    identity = delivery or str(uuid.uuid4())
    headers = {
        "Content-Type": "application/json",
        f"X-{brand}-Delivery": identity,
        f"X-{brand}-Event": name,
        f"X-{brand}-Signature": signature(body, secret),
        "X-GitHub-Event": name,
        "X-GitHub-Delivery": identity,
    }
    return headers, body


def gitlab(sent, *, secret=SECRET, delivery=None):
    titles = {"push": "Push Hook", "tag_push": "Tag Push Hook"}
    headers = {
        "Content-Type": "application/json",
        "X-Gitlab-Event": titles.get(sent.get("object_kind"), "Merge Request Hook"),
        "X-Gitlab-Token": secret,
        "X-Gitlab-Event-UUID": "13792a34-cac6-4fda-95a8-c58e00a3954e",
        "X-Gitlab-Instance": "https://gitlab.example.com",
    }
    if delivery != "":
        headers["Idempotency-Key"] = delivery or str(uuid.uuid4())
    return headers, json.dumps(sent).encode()


def standard_signature(body, *, at, identity="msg_1", secret=SECRET):
    """The headers of GitLab's signing token."""
    digest = hmac.new(secret.encode(), f"{identity}.{at}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(digest.digest()).decode()}",
    }


def _repository(name):
    owner, _, short = name.partition("/")
    return {
        "id": 186853002,
        "name": short,
        "full_name": name,
        "private": True,
        "owner": {"name": owner, "login": owner, "id": 21031067},
        "html_url": f"https://git.example.com/{name}",
        "clone_url": f"https://git.example.com/{name}.git",
        "ssh_url": f"git@git.example.com:{name}.git",
        "default_branch": "main",
        "fork": False,
    }


def _commit(sha, *, added=(), removed=(), modified=(), message="Raise the limits"):
    return {
        "id": sha,
        "tree_id": C,
        "distinct": True,
        "message": message,
        "timestamp": "2026-11-20T09:00:00+01:00",
        "url": f"https://git.example.com/commit/{sha}",
        "author": {"name": "Grace", "email": "grace@example.com", "username": "grace"},
        "committer": {"name": "Grace", "email": "grace@example.com", "username": "grace"},
        "added": list(added),
        "removed": list(removed),
        "modified": list(modified),
    }


def push(*, name="team/infra", ref="refs/heads/main", before=A, after=B, forced=False, **files):
    """A push in GitHub's form, which Gitea shares (without `forced`)."""
    commit = _commit(after, **files)
    is_deleted = after == NOUGHT
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "created": before == NOUGHT,
        "deleted": is_deleted,
        "forced": forced,
        "base_ref": None,
        "compare": "https://git.example.com/compare",
        "commits": [] if is_deleted else [commit],
        "head_commit": None if is_deleted else commit,
        "repository": _repository(name),
        "pusher": {"name": "grace", "email": "grace@example.com"},
        "sender": {"login": "grace", "id": 1},
    }


def pull_request(
    action="opened", *, number=7, head=B, name="team/infra", fork="", base="main", branch="feature"
):
    """A pull request in GitHub's form, which Gitea shares."""
    return {
        "action": action,
        "number": number,
        "pull_request": {
            "id": 279147437,
            "number": number,
            "state": "closed" if action == "closed" else "open",
            "title": "Raise the limits",
            "html_url": f"https://git.example.com/{name}/pull/{number}",
            "user": {"login": "grace"},
            "body": "Because they are low.",
            "merged": False,
            "head": {
                "label": f"team:{branch}",
                "ref": branch,
                "sha": head,
                "repo": _repository(fork or name),
            },
            "base": {"label": f"team:{base}", "ref": base, "sha": A, "repo": _repository(name)},
        },
        "repository": _repository(name),
        "sender": {"login": "grace"},
    }


def gitlab_push(
    *, kind="push", ref="refs/heads/main", before=A, after=B, name="team/infra", **files
):
    commit = {
        **_commit(after, **files),
        "title": "Raise the limits",
        "author": {"name": "Grace", "email": "grace@example.com"},
    }
    return {
        "object_kind": kind,
        "event_name": kind,
        "before": before,
        "after": after,
        "ref": ref,
        "checkout_sha": None if after == NOUGHT else after,
        "user_id": 4,
        "user_name": "Grace",
        "user_username": "grace",
        "project_id": 15,
        "project": _gitlab_project(name),
        "commits": [commit],
        "total_commits_count": 1,
    }


def merge_request(action="open", *, number=7, head=B, oldrev="", source=14, branch="feature"):
    said = {
        "id": 99,
        "iid": number,
        "title": "Raise the limits",
        "state": "opened",
        "action": action,
        "source_branch": branch,
        "target_branch": "main",
        "source_project_id": source,
        "target_project_id": 14,
        "url": f"https://git.example.com/team/infra/-/merge_requests/{number}",
        "last_commit": {
            "id": head,
            "message": "Raise the limits\n",
            "title": "Raise the limits",
            "url": f"https://git.example.com/commit/{head}",
            "author": {"name": "Grace", "email": "grace@example.com"},
        },
        "source": _gitlab_project("team/infra" if source == 14 else "mallory/infra"),
        "target": _gitlab_project("team/infra"),
    }
    return {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": {"id": 1, "name": "Grace", "username": "grace"},
        "project": _gitlab_project("team/infra"),
        "object_attributes": said | ({"oldrev": oldrev} if oldrev else {}),
        "labels": [],
        "changes": {},
    }


def _gitlab_project(name):
    return {
        "id": 14,
        "name": name.rpartition("/")[2],
        "web_url": f"https://git.example.com/{name}",
        "git_http_url": f"https://git.example.com/{name}.git",
        "git_ssh_url": f"git@git.example.com:{name}.git",
        "path_with_namespace": name,
        "default_branch": "main",
    }
