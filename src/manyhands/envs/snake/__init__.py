"""`snake-v0`: the rules in JAX, the same rules one game at a time in plain Python, and what a policy sees."""
