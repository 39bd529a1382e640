"""The mail services that are known: a new one is a module here and a word in the table."""

from types import ModuleType

from integrations.mail import mailgun, postmark, raw, sendgrid, ses
from integrations.mail.post import Keys

SERVICES: dict[str, ModuleType] = {
    module.NAME: module for module in (mailgun, sendgrid, postmark, ses, raw)
}
"""The services by the name in their webhook's address."""


def open_services(keys: Keys) -> list[str]:
    """The names of the services whose key is set."""
    return [name for name, module in SERVICES.items() if module.is_open(keys)]
