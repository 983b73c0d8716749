"""What the notify service does: one verb a file."""
