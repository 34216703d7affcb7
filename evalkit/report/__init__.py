"""The ways to show a run, one a file."""
