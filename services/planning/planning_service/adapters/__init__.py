"""Planning going out: SQL, events, other services."""
