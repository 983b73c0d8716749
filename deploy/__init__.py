"""How OrderHub is put on a machine."""
