"""Join a script with its modules: one request instead of twenty, and no build step.

Each `import "./x.js";` of the entry becomes a block of its own, so that names of two modules never
meet. What core.js exports is seen by all of them, and a module imports from nothing else.
"""

import re
from pathlib import Path

CORE = "core.js"
_IMPORT = re.compile(r'^import "\./([\w.]+)";$', re.MULTILINE)
_FROM_CORE = re.compile(r'^import \{[^}]*\} from "\./core\.js";$\n?', re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def join_modules(entry: Path) -> str:
    """The module `entry` with every module it imports in its place, in the order it names them."""
    names = _IMPORT.findall(entry.read_text(encoding="utf-8"))
    return "".join(_block(entry.parent / name) for name in names)


def _block(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.name == CORE:
        return _EXPORT.sub("", text)
    return "{\n" + _FROM_CORE.sub("", text) + "}\n"
