"""Numbers for Prometheus: asked of the database when they are scraped, and then kept a moment."""

from services.metrics.exposition import Exposition

__all__ = ["Exposition"]
