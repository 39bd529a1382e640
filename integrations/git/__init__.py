"""Code from git repositories, by the git command line with everything dangerous switched off.

https and ssh only (plain http and files where GANTRY_ALLOWED_HOSTS marks them), no hooks, no
submodules, no configuration but ours, no redirects, limits on size and time. What is checked is
what is used: the address is rebuilt from its checked parts, and the host is asked at the addresses
that were checked.
"""

from integrations.git.errors import GitError
from integrations.git.history import Merge, Tips
from integrations.git.repository import Commit, Git, Pair
from integrations.git.session import Credentials, Login, SshKey

__all__ = [
    "Commit",
    "Credentials",
    "Git",
    "GitError",
    "Login",
    "Merge",
    "Pair",
    "SshKey",
    "Tips",
]
