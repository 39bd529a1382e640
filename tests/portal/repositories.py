"""A bare repository on disk, as a git server would hold it."""

import subprocess


class BareRepository:
    """A repository that commits are pushed to. `source` is it as a run's source."""

    def __init__(self, folder):
        self.home = folder / "code.git"
        self._tree = folder / "tree"
        self._git(folder, "init", "-q", "--bare", "-b", "main", str(self.home))
        self._git(folder, "clone", "-q", str(self.home), str(self._tree))

    @property
    def source(self):
        return {"kind": "git", "url": f"file://{self.home}", "ref": "main"}

    def commit(self, files, message):
        """Commit and push files, `{name: text}`; return the commit's id."""
        for name, content in files.items():
            path = self._tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self._git(self._tree, "add", ".")
        self._git(self._tree, "commit", "-q", "-m", message)
        self._git(self._tree, "push", "-q", "origin", "HEAD:main")
        return self._git(self._tree, "rev-parse", "HEAD").strip()

    def _git(self, folder, *words):
        author = ["-c", "user.name=Grace", "-c", "user.email=grace@example.com"]
        done = subprocess.run(
            ["git", *author, *words],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": str(folder)},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout
