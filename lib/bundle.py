"""Join a stylesheet with what it imports, and a script with its modules: one request each, no build step.

css: each `@import url("x.css") layer(name);` becomes `@layer name{…}`; the order of the imports is kept.
js: each `import "./x.js";` becomes a block of its own, so that names of two modules never meet; what core.js exports is
seen by all of them, and a module imports from nothing else.
"""

import re
from pathlib import Path

_CSS_IMPORT = re.compile(r'@import url\("([^"]+)"\) layer\((\w+)\);')
_CSS_COMMENT = re.compile(r"/\*(?!!).*?\*/", re.DOTALL)
_JS_IMPORT = re.compile(r'^import "\./([\w.]+)";$', re.MULTILINE)
_JS_FROM_CORE = re.compile(r'^import \{[^}]*\} from "\./core\.js";$\n?', re.MULTILINE)


def join_css(path: Path) -> str:
    """The stylesheet at `path` with every import in its place and without comments (licences stay)."""

    def placed(found: re.Match[str]) -> str:
        text = (path.parent / found[1]).read_text(encoding="utf-8")
        return f"@layer {found[2]}{{{text}}}"

    joined = _CSS_IMPORT.sub(placed, path.read_text(encoding="utf-8"))
    return re.sub(r"\n\s*\n*", "\n", _CSS_COMMENT.sub("", joined)).strip() + "\n"


def join_js(path: Path) -> str:
    """The module at `path` with every module it imports, core.js first and open to the others."""
    names = _JS_IMPORT.findall(path.read_text(encoding="utf-8"))
    return "".join(_module(path.parent / name) for name in names)


def _module(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.name == "core.js":
        return re.sub(r"^export ", "", text, flags=re.MULTILINE)
    return "{\n" + _JS_FROM_CORE.sub("", text) + "}\n"
