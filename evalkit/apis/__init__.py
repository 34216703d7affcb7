"""The HTTP APIs that models are asked through, one a file: bodies only, no I/O."""
