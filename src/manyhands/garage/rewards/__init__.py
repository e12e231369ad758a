"""Reward functions of strangers: run unchanged, in a jail, and checked before training."""
