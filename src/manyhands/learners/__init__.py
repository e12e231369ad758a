"""Learners: one runnable file each, training as a pure function of its inputs."""
