"""Time and work: when runs start, and the processes that carry them out. Knows no HTTP."""
