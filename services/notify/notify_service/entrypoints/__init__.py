"""Coming in: gRPC calls and events; translates, decides nothing."""
