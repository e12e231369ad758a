"""A self-hosted arena where many hands teach one agent."""

__version__ = "0.1.0"
