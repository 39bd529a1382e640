"""Numbers for Prometheus: asked of the database when they are scraped, and then kept a moment."""

import prometheus_client

from services.metrics.exposition import Exposition

__all__ = ["Exposition"]

# A second series per counter, which nobody here asks for, would double the lines.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
