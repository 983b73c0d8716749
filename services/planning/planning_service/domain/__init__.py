"""Planning rules. Standard library only; nothing here knows of databases, messages or clocks of its own."""
