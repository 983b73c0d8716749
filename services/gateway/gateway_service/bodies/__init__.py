"""What requests may say: exact shapes, unknown fields refused. Meaning is checked by the services."""
