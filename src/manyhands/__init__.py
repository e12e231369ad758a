"""A self-hosted arena where many hands teach one agent."""
