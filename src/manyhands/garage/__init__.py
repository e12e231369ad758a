"""The garage: a person's reward function trains a driver, whose laps are then measured."""
