"""Use cases of planning: one verb a file; they load, ask the domain and save."""
