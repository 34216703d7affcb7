"""The runner: one task group that asks every model, judges what it answers, and keeps each result."""
