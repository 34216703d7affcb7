"""Requests over HTTP: the only home of httpx and tenacity."""
