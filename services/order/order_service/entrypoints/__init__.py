"""Coming in: gRPC and events; translate, decide nothing."""
