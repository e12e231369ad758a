"""Environments: pure rules in JAX behind one small interface, plain data for everyone else."""
