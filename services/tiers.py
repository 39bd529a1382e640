"""What each way of keeping runs apart promises, in words: for the run's page and the doctor."""

NAMESPACES = "namespaces"
SEPARATE_USER = "separate user"
BOTH = "namespaces, separate user"
NEITHER = "process group"

_PROMISES = {
    NAMESPACES: (
        "It sees the system's programs, its own directory and its own processes, and nothing else "
        "of the machine but the network."
    ),
    SEPARATE_USER: (
        "It has the number of a user of its own: it reads no file, environment or memory of the "
        "portal or of another run, and signals neither. It sees what everybody on the machine may: "
        "public files, the list of processes with their arguments, the network."
    ),
    NEITHER: (
        "It has the portal's own user: it can read what that one can, other runs' secrets among it."
    ),
}
_PROMISES[BOTH] = (
    f"{_PROMISES[NAMESPACES]} Outside of its namespaces, too, it has a user of its own."
)


def promise(label: str) -> str:
    """What is promised of a run that was kept apart in this way; "" when that is not known."""
    return _PROMISES.get(label, "")
