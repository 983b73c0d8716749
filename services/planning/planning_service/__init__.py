"""The planning service: item master, bills of materials, plans, production orders, scans and inspection."""
