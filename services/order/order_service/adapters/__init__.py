"""Going out: tables, views, messages, other services."""
