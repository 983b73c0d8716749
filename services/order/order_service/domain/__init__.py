"""Rules of orders and customers; standard library only."""
