"""Files the browser loads: one address per content, kept for ever, compressed once.

The digest of the whole tree stands in each address, so that what a stylesheet or a module imports
by a relative path is found beside it, under the same digest. `css/app.css` and `js/app.js`
are answered with their imports put in their places.
"""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import zstandard
from flask import Flask, Response, request

from lib import bundle
from services.errors import NotFound

FOR_EVER = "public, max-age=31536000, immutable"
AGAIN = "no-cache"
DIGEST_CHARACTERS = 12
SHORTEST_COMPRESSED = 1024
PAGE_LEVEL = 4
"""gzip's level for pages: measured at 0.5 ms for 30 KB, a tenth larger than level 9."""

_COMPRESSIBLE = re.compile(
    r"text/(?!event-stream)|application/(json|javascript|problem\+json|xml)|image/svg"
)
_IMPORT = re.compile(r'@import url\("([^"]+)"\)(?: layer\(([a-z]+)\))?;')


@dataclass(frozen=True)
class Asset:
    """A file in the forms in which it is sent."""

    body: bytes
    mimetype: str

    @cached_property
    def gzipped(self) -> bytes:
        """The body as gzip, as small as it gets."""
        return gzip.compress(self.body, 9, mtime=0)

    @cached_property
    def zstd(self) -> bytes:
        """The body as zstd, as small as it gets."""
        return zstandard.ZstdCompressor(level=19).compress(self.body)


class Tree:
    """The static files, read when they are first asked for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._found: dict[str, Asset] = {}

    @cached_property
    def digest(self) -> str:
        """A digest of every file's name and content."""
        total = hashlib.sha256()
        for path in sorted(path for path in self._root.rglob("*") if path.is_file()):
            total.update(f"{path.relative_to(self._root)}\0".encode() + path.read_bytes())
        return total.hexdigest()[:DIGEST_CHARACTERS]

    def get(self, name: str) -> Asset:
        """The file of this name.

        Raises:
            NotFound: when the tree has none.
        """
        if name not in self._found:
            path = (self._root / name).resolve()
            if not path.is_relative_to(self._root) or not path.is_file():
                raise NotFound
            mimetype = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            body = _body(name, path)
            self._found[name] = Asset(body, mimetype)
        return self._found[name]


def _body(name: str, path: Path) -> bytes:
    if name == "js/app.js":
        return bundle.join_modules(path).encode()
    return join_imports(path) if path.suffix == ".css" else path.read_bytes()


def join_imports(path: Path) -> bytes:
    """A stylesheet with its imports in their places, each in the layer it is given."""

    def place(match: re.Match[str]) -> str:
        name, layer = match.groups()
        text = join_imports(path.parent / name).decode()
        return f"@layer {layer} {{\n{text}\n}}" if layer else text

    return _IMPORT.sub(place, path.read_text(encoding="utf-8")).encode()


def install(app: Flask, root: Path) -> None:
    """Serve the tree under /static/<digest>/, and give templates `asset(name)`."""
    tree = Tree(root)

    @lru_cache(maxsize=256)
    def asset(name: str) -> str:
        return f"/static/{tree.digest}/{name}"

    def static(digest: str, name: str) -> Response:
        return _send(tree.get(name), keep=digest == tree.digest)

    app.jinja_env.globals["asset"] = asset
    app.add_url_rule("/static/<digest>/<path:name>", "static", static)
    app.after_request(_compress)


def _send(asset: Asset, *, keep: bool) -> Response:
    accepted = request.accept_encodings
    response = Response(asset.body, content_type=_with_charset(asset.mimetype))
    if _COMPRESSIBLE.match(asset.mimetype) and len(asset.body) >= SHORTEST_COMPRESSED:
        if accepted["zstd"]:
            response.data, response.content_encoding = asset.zstd, "zstd"
        elif accepted["gzip"]:
            response.data, response.content_encoding = asset.gzipped, "gzip"
        response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = FOR_EVER if keep else AGAIN
    return response


def _with_charset(mimetype: str) -> str:
    is_text = mimetype.startswith("text/") or mimetype == "application/javascript"
    return f"{mimetype}; charset=utf-8" if is_text else mimetype


def _compress(response: Response) -> Response:
    """Compress a page on its way out, unless it is a stream, small, or compressed already.

    The CSRF token is safe in a compressed page: the session's cookie is SameSite=Lax, so another
    site cannot make the browser fetch one with guesses in it.
    """
    is_fit = (
        not response.is_streamed
        and not response.direct_passthrough
        and not response.content_encoding
        and request.method != "HEAD"
        and _COMPRESSIBLE.match(response.mimetype or "") is not None
    )
    if not is_fit or len(response.get_data()) < SHORTEST_COMPRESSED:
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"]:
        response.set_data(gzip.compress(response.get_data(), PAGE_LEVEL, mtime=0))
        response.content_encoding = "gzip"
    return response
