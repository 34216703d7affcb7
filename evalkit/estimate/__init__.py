"""What a suite, and a rollout like it, will probably cost, before anything is spent."""
