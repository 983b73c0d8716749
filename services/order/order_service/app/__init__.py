"""Use cases of the order service, one verb a file."""
