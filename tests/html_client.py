"""A test client that behaves like a browser without JavaScript, and checks what it is shown.

Every page must be valid HTML with one h1 and unique ids. Requests run in a context of their own, as
they do in a server, so that nothing of the test (its database session, its user) reaches them.
"""

import contextvars
import re
import secrets

import html5lib
from flask import has_app_context
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from models.base import db
from services import sessions
from tests import contract

# What html5lib does not know yet, and browsers have known for years.
_UNKNOWN = {"unknown-doctype"}
_checked: set[int] = set()


class PageClient(FlaskClient):
    """A visitor. `bearer` is sent with calls of the API; forms carry their CSRF token."""

    bearer = ""
    _csrf = ""

    def sign_in(self, user, address="127.0.0.1"):
        """Sign a user in past the form: a session as the form would have opened it."""
        from blueprints._shared import current  # noqa: PLC0415 - Flask is loaded by now

        # There is no other way to see it.
        secret = sessions._open(user.id, "", "", sessions.Origin(address))  # noqa: SLF001
        with self.session_transaction() as cookie:
            cookie.clear()
            cookie[current.SESSION_KEY] = secret
            cookie["_fresh"] = True
            cookie.permanent = True
        return self

    def csrf(self):
        """The token of the visitor's forms."""
        if not self._csrf:
            # As the extension makes it for a form; to read one off a page takes ten times as long.
            with self.session_transaction() as cookie:
                kept = cookie.setdefault("csrf_token", secrets.token_hex(20))
            signer = URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token")
            self._csrf = signer.dumps(kept)
        return self._csrf

    def submit(self, url, data=None, **kwargs):
        """Post a form with its CSRF token, as a browser does."""
        return self.post(url, data={"csrf_token": self.csrf(), **(data or {})}, **kwargs)

    def open(self, *args, **kwargs):
        if self.bearer:
            headers = dict(kwargs.pop("headers", None) or {})
            kwargs["headers"] = {"Authorization": f"Bearer {self.bearer}"} | headers
        _end_reading()
        context = contextvars.Context()
        response = context.run(super().open, *args, **kwargs)
        if response.is_streamed:
            response.response = _Stream(context, response.response)
        _end_reading()
        check_page(response)
        contract.check_answer(self.application, response)
        return response


class _Stream:
    """A streamed body, read on in the context in which its request runs."""

    def __init__(self, context, body):
        self._context, self._body = context, body
        self._parts = context.run(iter, body)

    def __iter__(self):
        return self

    def __next__(self):
        return self._context.run(next, self._parts)

    def close(self):
        if hasattr(self._body, "close"):
            self._context.run(self._body.close)


def _end_reading():
    """End the test's own read, so that it neither hides what a request wrote nor is in its way."""
    if has_app_context():
        db.session.commit()
        db.session.expire_all()


def check_page(response):
    """Fail unless the answer, if it is a page, is one that a browser need not mend."""
    if (
        response.mimetype != "text/html"
        or response.is_streamed
        or 300 <= response.status_code < 400
    ):
        return
    body = response.get_data(as_text=True)
    is_page = body.lstrip()[:9].lower() == "<!doctype"
    key = hash(re.sub(r'value="[^"]*"', "", body))
    if key in _checked or not body.strip():
        return
    _checked.add(key)
    problems = problems_of(body, is_page=is_page)
    assert not problems, f"{response.request.path}: {problems}"


def problems_of(body, *, is_page):
    """What is wrong with a page (or a fragment) as HTML, in words."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(body) if is_page else parser.parseFragment(_as_fragment(body))
    found = [
        f"{place}: {code} {facts}" for place, code, facts in parser.errors if code not in _UNKNOWN
    ]
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    found += [
        f"the id {each} stands twice" for each in sorted({i for i in ids if ids.count(i) > 1})
    ]
    if is_page:
        headings = sum(1 for element in tree.iter("h1"))
        found += [f"{headings} h1"] if headings != 1 else []
    return found


def _as_fragment(body):
    """Rows of a table cannot stand alone; browsers parse them in the place they go to."""
    return f"<table><tbody>{body}</tbody></table>" if body.lstrip().startswith("<tr") else body
