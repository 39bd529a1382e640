"""Mail that goes out: letters put into the outbox, notices of runs, and the test of the server."""

from services.mail.sending import KIND, Thread, is_own, is_possible, own_id, send
from services.mail.testing import send_test

__all__ = ["KIND", "Thread", "is_own", "is_possible", "own_id", "send", "send_test"]
