"""How the text of mail's settings is read."""

import re

from lib.setting_text import word_list

SHORTEST_SECRET = 16


def domain(text: str) -> str | None:
    """A domain, in lower case.

    Raises:
        ValueError: when it is none.
    """
    domain = text.strip().lower().rstrip(".")
    labels = domain.split(".")
    if domain and not all(
        re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", one) for one in labels
    ):
        raise ValueError("say a domain, such as mail.example.com")
    return domain or None


def long_secret(text: str) -> str | None:
    """A secret that cannot be guessed.

    Raises:
        ValueError: when it is none.
    """
    if text and len(text) < SHORTEST_SECRET:
        raise ValueError(
            f"say {SHORTEST_SECRET} characters or more; openssl rand -hex 32 makes some"
        )
    return text or None


def credentials(text: str) -> str | None:
    """user:password.

    Raises:
        ValueError: when it is none.
    """
    user, colon, password = text.partition(":")
    if text and not (user and colon and len(password) >= SHORTEST_SECRET):
        raise ValueError(f"say user:password, the password of {SHORTEST_SECRET} characters or more")
    return text or None


def sendgrid_key(text: str) -> str | None:
    """A public key as SendGrid shows it.

    Raises:
        ValueError: when it is none.
    """
    from integrations.mail import sendgrid  # noqa: PLC0415 - only where the setting is used

    if text.strip():
        sendgrid.public_key(text.strip())
    return text.strip() or None


def topics(text: str) -> tuple[str, ...]:
    """ARNs of SNS topics.

    Raises:
        ValueError: when it is none.
    """
    topics = word_list(text)
    if not all(
        re.fullmatch(r"arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]+(\.fifo)?", one) for one in topics
    ):
        raise ValueError("say ARNs such as arn:aws:sns:eu-west-1:123456789012:mail")
    return topics


def smtp_url(text: str) -> str | None:
    """An SMTP URL, as it is.

    Raises:
        ValueError: when it is none.
    """
    from integrations.mail import smtp  # noqa: PLC0415 - only where the setting is used

    if text.strip():
        smtp.server(text)
    return text.strip() or None
