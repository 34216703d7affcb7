"""How fast a model is asked: its concurrency, its rates, and what it does while the gateway fails."""
