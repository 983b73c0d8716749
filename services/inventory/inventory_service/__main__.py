"""python -m inventory_service serve|migrate|check|replay-dead|republish|audit-verify"""

from chassis.run import main
from inventory_service.wiring import APPEND_ONLY, Settings, build

if __name__ == "__main__":
    main("inventory", Settings, build, append_only=APPEND_ONLY)
