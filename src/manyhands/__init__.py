"""A self-hosted arena where many hands teach one agent."""

import gymnasium

__version__ = "0.1.0"

# By name only: JAX is imported when an environment is made, so the server can import the package without it.
gymnasium.register(
    id="manyhands/Racer-v0",
    entry_point="manyhands.envs.racer.gymnasium_env:RacerEnv",
    vector_entry_point="manyhands.envs.racer.gymnasium_env:RacerVectorEnv",
)
