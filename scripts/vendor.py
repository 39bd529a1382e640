"""Fetch what the browser loads, and write it into static/vendor with its hashes and licences.

    python scripts/vendor.py            fetch, build, write static/vendor and its manifest
    python scripts/vendor.py --check    compare the files on disk with the manifest (no network)

Packages come through npm's ordinary client, so whatever registry the machine is set up with is
used. The output is a function of the versions below and the lists in scripts/vendor_parts.py: two
runs give the same bytes.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import css_subset  # noqa: E402 - the root is put on the path above
from scripts import vendor_parts as parts  # noqa: E402 - after the path is set

TARGET = ROOT / "static" / "vendor"
MANIFEST = TARGET / "manifest.json"
PACKAGES = {"@tabler/core": "1.6.1", "@tabler/icons": "3.51.0", "htmx.org": "4.0.1"}


def main() -> int:
    """Run the command line; the exit code is 1 when a check finds a difference."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--check", action="store_true", help="compare with the manifest instead of fetching"
    )
    if parser.parse_args().check:
        wrong = differences()
        print("\n".join(wrong) or "static/vendor equals its manifest")
        return 1 if wrong else 0
    with tempfile.TemporaryDirectory() as scratch:
        build({name: unpack(name, version, Path(scratch)) for name, version in PACKAGES.items()})
    return 0


def differences() -> list[str]:
    """Say, file by file, where static/vendor and its manifest disagree."""
    entries = json.loads(MANIFEST.read_text())
    wrong = [
        f"{e['file']}: not what the manifest says"
        for e in entries
        if digest(TARGET / e["file"]) != e["sha256"]
    ]
    known = {e[key] for e in entries for key in ("file", "licence_file")} | {MANIFEST.name}
    return wrong + [
        f"{p.name}: not in the manifest" for p in sorted(TARGET.iterdir()) if p.name not in known
    ]


def unpack(name: str, version: str, scratch: Path) -> Path:
    """Fetch one package with npm into its own folder below scratch and return that folder."""
    folder = scratch / re.sub(r"\W+", "-", name).strip("-")
    folder.mkdir()
    packed = subprocess.run(
        ["npm", "pack", "--silent", f"{name}@{version}"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    with tarfile.open(folder / packed.stdout.strip().splitlines()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def build(folders: dict[str, Path]) -> None:
    """Write the three vendored files, their licences and the manifest."""
    TARGET.mkdir(parents=True, exist_ok=True)
    tabler, icons, htmx = (folders[name] for name in ("@tabler/core", "@tabler/icons", "htmx.org"))
    css = css_subset.subset(
        (tabler / "dist/css/tabler.min.css").read_text(), parts.KEEP, parts.DROP
    )
    # Tabler's package has no licence file; its icons' is the same MIT text by the same author.
    licence = next(
        (f for f in tabler.iterdir() if f.name.upper().startswith("LICENSE")), icons / "LICENSE"
    )
    entries = [
        write("@tabler/core", "tabler.css", css, licence),
        write("@tabler/icons", "icons.svg", sprite(icons / "icons"), icons / "LICENSE"),
        write("htmx.org", "htmx.js", script(htmx / "dist/htmx.min.js"), htmx / "LICENSE"),
    ]
    MANIFEST.write_text(json.dumps(entries, indent=2) + "\n")


def write(package: str, file: str, text: str, licence: Path) -> dict[str, str]:
    """Write one file and its licence; return its line of the manifest."""
    (TARGET / file).write_text(text)
    licence_file = re.sub(r"\W+", "-", package).strip("-") + ".LICENSE"
    (TARGET / licence_file).write_text(licence.read_text())
    return {
        "name": package,
        "version": PACKAGES[package],
        "file": file,
        "sha256": digest(TARGET / file),
        "licence": parts.LICENCES[package],
        "licence_file": licence_file,
    }


def digest(path: Path) -> str:
    """SHA-256 of a file, or an empty string when there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def script(path: Path) -> str:
    """A script without its source map line, which would name a file that is not served."""
    return re.sub(r"\n?//# sourceMappingURL=\S+\s*$", "\n", path.read_text())


def sprite(icons: Path) -> str:
    """One SVG of symbols: Tabler icons under our names, then Gantry's own shapes."""
    symbols = [
        symbol(name, icons / f"{source}.svg") for name, source in sorted(parts.ICONS.items())
    ]
    symbols += [
        f'<symbol id="{name}" viewBox="0 0 16 16">{body}</symbol>'
        for name, body in parts.SHAPES.items()
    ]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def symbol(name: str, path: Path) -> str:
    """One Tabler icon as a symbol; stroke width and caps are set where it is used, by CSS."""
    inner = re.sub(r"<!--.*?-->", "", path.read_text(), flags=re.DOTALL)
    inner = re.sub(r"^.*?<svg.*?>|</svg>\s*$", "", inner, flags=re.DOTALL)
    shapes = [
        " ".join(s.split()) for s in re.findall(r"<[^>]+/>", inner) if 'stroke="none"' not in s
    ]
    return f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(shapes)}</symbol>'


if __name__ == "__main__":
    raise SystemExit(main())
