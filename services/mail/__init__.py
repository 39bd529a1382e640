"""Mail that goes out: letters put into the outbox, notices of runs, and the test of the server."""

from services.mail.sending import KIND, Thread, is_own, is_possible, own_id, send

__all__ = ["KIND", "Thread", "is_own", "is_possible", "own_id", "send"]
