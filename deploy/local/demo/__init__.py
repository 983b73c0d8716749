"""The demo factory: a motor maker with invented names."""
