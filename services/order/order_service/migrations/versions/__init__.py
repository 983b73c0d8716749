"""Versions, oldest first: NNNN_pre_* adds, NNNN_post_* removes."""
