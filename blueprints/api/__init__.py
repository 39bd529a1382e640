"""/api/v1: one module per noun, over the same services as the pages."""
