"""python -m order_service serve|migrate|check|replay-dead|republish|audit-verify"""

from chassis.run import main
from order_service.wiring import Settings, build

if __name__ == "__main__":
    main("order", Settings, build, append_only=("timeline", "factory_calendar"))
