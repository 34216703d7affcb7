"""Frames and statistics: the only home of pandas and scipy."""
