"""The shells around the use cases: the HTTP service, the command line, their settings, the one container."""
