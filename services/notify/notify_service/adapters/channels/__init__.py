"""One module a vendor: `build` makes the request, `read` understands the answer."""
