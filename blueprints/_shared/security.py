"""Headers on every answer, and what may be kept of it."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from blueprints._shared import current
from config import Settings

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
ROOM_FOR_FIELDS = 1 << 20

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000"


def flask_settings(settings: Settings, cookie_key: bytes) -> dict[str, Any]:
    """How Flask and its extensions are set: cookies, hosts, limits."""
    return {
        "SECRET_KEY": cookie_key,
        "SESSION_COOKIE_NAME": "__Host-gantry" if settings.secure_cookies else "gantry",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=365),  # The server's row ends it sooner.
        "WTF_CSRF_TIME_LIMIT": None,  # The token lasts as long as the session: tabs stay open.
        "WTF_CSRF_SSL_STRICT": False,  # Sec-Fetch-Site says it better; see `gate`.
        "TRUSTED_HOSTS": _hosts(settings),
        "MAX_CONTENT_LENGTH": (settings.upload_limit_mb << 20) + ROOM_FOR_FIELDS,
        "MAX_FORM_MEMORY_SIZE": 4 << 20,
        "MAX_FORM_PARTS": 2_000,
        "PROPAGATE": False,  # Tests set it, so that an unexpected error fails them.
    }


def _hosts(settings: Settings) -> list[str]:
    own = urlsplit(settings.url).hostname or ""
    return [*(settings.trusted_hosts or (own,)), *LOOPBACK]


def install(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer of the app; believe as many proxies as the setting says."""
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # how WSGI is wrapped
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )

    @app.after_request
    def _headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.secure_cookies:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        # Kept by nobody unless a view says so: pages tell what their reader may see.
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Request-Id"] = current.request_id()
        return response
