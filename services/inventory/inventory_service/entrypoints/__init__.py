"""Coming in: calls and events; translate, decide nothing."""
