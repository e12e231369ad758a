"""Experiments: a person's Snake games, and what learners make of them."""
