"""The rules of stock: standard library only."""
