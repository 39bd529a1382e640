"""Wire formats and programs of others, one module each; neither database nor Flask here."""
