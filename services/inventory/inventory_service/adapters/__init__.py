"""Going out: tables, queries, messages, other services."""
