"""What an e-mail trigger may be: its type, its senders, its mapping."""

import re
from collections.abc import Mapping
from typing import Any

from models.project import Stack
from models.run_state import RunType
from models.variable import Category
from services.emails import mapping as mappings
from services.errors import Invalid
from services.house import house
from services.variables.rules import UNSET, check

TYPES = (RunType.PREVIEW, RunType.APPLY, RunType.DESTROY)
"""What mail may start. A task is a shell: nobody gets one by mail."""

CHANGING = frozenset({RunType.APPLY, RunType.DESTROY})
SENDER_KINDS = ("members", "list", "anyone")
MOST_SENDERS = 200
NAME_LIMIT = 120
_SENDER = re.compile(
    r"(?:[\w.!#$%&'*+/=?^`{|}~-]{1,64})?@[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+",
    re.ASCII,
)


def settle(values: Mapping[str, Any], stack: Stack) -> dict[str, Any]:
    """The values as they are kept.

    Raises:
        Invalid: with a sentence per field.
    """
    problems: dict[str, str] = {}
    settled = dict(values)
    settled["name"] = _name(values["name"], problems)
    settled["type"] = _type(values["type"], stack, problems)
    settled["senders"] = _senders(values["senders"], problems)
    problems |= mappings.problems(values["mapping"])
    if isinstance(values["mapping"], dict) and not problems:
        problems |= _variable_problems(values["mapping"], stack.engine)
    if values["attachments"] not in mappings.WAYS:
        problems["attachments"] = f"Say one of: {', '.join(mappings.WAYS)}."
    problems |= _automatic_problems(values, settled)
    if problems:
        raise Invalid(problems)
    return settled


def _name(value: Any, problems: dict[str, str]) -> str:
    name = " ".join(str(value).split())
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        problems["name"] = f"A name has 1 to {NAME_LIMIT} characters on one line."
    return name


def _type(value: Any, stack: Stack, problems: dict[str, str]) -> RunType:
    able = house().run_types(stack.engine)
    found = next((one for one in TYPES if one.value == value and one in able), None)
    if found is None:
        words = ", ".join(one.value for one in TYPES if one in able)
        problems["type"] = f"Mail starts runs of these types here: {words}."
    return found or RunType.PREVIEW


def _senders(value: Any, problems: dict[str, str]) -> Any:
    if value in {"members", "anyone"} if isinstance(value, str) else False:
        return value
    if not isinstance(value, list | tuple) or not value:
        problems["senders"] = "Say members, anyone, or give a list of addresses and @domains."
        return []
    listed = list(dict.fromkeys(str(one).strip().lower() for one in value))
    wrong = [one for one in listed if len(one) > 320 or not _SENDER.fullmatch(one)]
    if wrong:
        problems["senders"] = f"“{wrong[0][:80]}” is neither an address nor an @domain."
    elif len(listed) > MOST_SENDERS:
        problems["senders"] = f"At most {MOST_SENDERS} senders fit here."
    return listed


def _variable_problems(mapping: Mapping[str, str], engine: str) -> dict[str, str]:
    found = {}
    for name in mapping:
        try:
            check(name, UNSET, Category.TERRAFORM.value, secret=False, engines=(engine,))
        except Invalid as refusal:
            found[f"mapping.{name}"] = refusal.text
    return found


def _automatic_problems(values: Mapping[str, Any], settled: Mapping[str, Any]) -> dict[str, str]:
    if not isinstance(values["auto_apply"], bool):
        return {"auto_apply": "Say true or false."}
    if not values["auto_apply"]:
        return {}
    if settled["type"] not in CHANGING:
        return {"auto_apply": "Only an apply or a destroy can be applied automatically."}
    if settled["senders"] == "anyone":
        return {
            "auto_apply": "Mail of anyone always waits for a person: whoever learns the address "
            "could change things otherwise."
        }
    return {}
