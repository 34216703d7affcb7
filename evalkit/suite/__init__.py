"""A suite file, from its bytes to the trials that it means."""
