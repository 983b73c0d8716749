"""Planning coming in: gRPC and events; they translate and decide nothing."""
