"""Going out: database, secrets, network."""
