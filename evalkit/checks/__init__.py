"""The checks that come with evalkit, one family a file."""
