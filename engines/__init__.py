"""Infrastructure-as-code tools. They know processes and files; not the database, not the web."""
