"""python -m planning_service serve|migrate|check|replay-dead|republish|audit-verify"""

from chassis.run import main
from planning_service.wiring import NAME, Settings, build

if __name__ == "__main__":
    main(NAME, Settings, build)
