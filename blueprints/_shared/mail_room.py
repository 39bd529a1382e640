"""The settings of mail, as services know them."""

from urllib.parse import urlsplit

from config import Settings
from integrations.mail import smtp
from integrations.mail.post import Keys
from services.house import MailRoom


def furnish(settings: Settings) -> MailRoom:
    """What services need to know of how mail comes in and goes out."""
    domain = settings.email_domain or ""
    host = domain or urlsplit(settings.url).hostname or "localhost"
    return MailRoom(
        domain=domain,
        keys=_keys(settings),
        server=smtp.server(settings.smtp_url) if settings.smtp_url else None,
        sender=settings.mail_from or f"Gantry <gantry@{host}>",
        limit_bytes=settings.email_limit_mb << 20,
        rate_per_hour=settings.email_rate,
        sender_rate_per_hour=settings.email_sender_rate,
        kept_days=settings.email_retention_days,
    )


def _keys(settings: Settings) -> Keys:
    return Keys(
        mailgun_signing_key=settings.mailgun_signing_key or "",
        mailgun_spam_filter=settings.mailgun_spam_filter,
        sendgrid_public_key=settings.sendgrid_public_key or "",
        postmark_credentials=settings.postmark_credentials or "",
        ses_topics=settings.ses_topics,
        raw_signing_key=settings.mail_signing_key or "",
        authserv_id=settings.email_authserv_id or "",
        max_age_s=settings.email_max_age_s,
    )
