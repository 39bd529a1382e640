"""What a deliverer of the outbox raises to give up."""


class Undeliverable(Exception):
    """The message will never arrive; the text says why, without a secret."""
