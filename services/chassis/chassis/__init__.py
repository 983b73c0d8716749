"""What every service rides on; knows no domain noun."""

import sys

if "structlog" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]  # else structlog loads it: 3 MB for colours nobody sees
    import structlog as structlog

    del sys.modules["rich"]
