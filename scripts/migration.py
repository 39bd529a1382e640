"""Write the next migration from the difference between the models and the migrations.

python -m scripts.migration foundation          # writes versions/NNNN_foundation.py and HEAD
python -m scripts.migration foundation --again  # writes the last one anew
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def main(name: str, *, again: bool) -> None:
    """Autogenerate against a fresh SQLite database at the present head."""
    numbers = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    if again and numbers:
        for path in (MIGRATIONS / "versions").glob(f"{numbers.pop()}_{name}.py"):
            path.unlink()
    revision = f"{int(numbers[-1]) + 1 if numbers else 1:04d}"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    with tempfile.TemporaryDirectory() as directory:
        engine = create_engine(f"sqlite:///{directory}/empty.db")
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            command.revision(config, message=name, autogenerate=True, rev_id=revision)
    for path in (MIGRATIONS / "versions").glob(f"{revision}_*.py"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(line for line in lines if "# ###" not in line), encoding="utf-8")
    (MIGRATIONS / "HEAD").write_text(revision + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], again="--again" in sys.argv[2:])
