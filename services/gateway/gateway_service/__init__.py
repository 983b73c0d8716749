"""The gateway service."""

import chassis as chassis  # first of all: it says what structlog may load
