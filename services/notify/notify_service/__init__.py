"""The notify service."""

import sys
from types import ModuleType

sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))  # its command line: 10 MB of prompts and colours nobody sees
