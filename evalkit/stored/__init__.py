"""Answers that were paid for before: a source that the runner asks before the gateway."""
