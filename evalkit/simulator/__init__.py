"""The stand-in gateway: an HTTP server of its own that shares no encode or decode code with `evalkit.apis`."""
