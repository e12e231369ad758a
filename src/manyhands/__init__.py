"""A self-hosted arena where many hands teach one agent."""

import gymnasium

__version__ = "0.1.0"

# By name only: JAX is imported when an environment is made, so the server can import the package without it.
for _name in ("Racer", "Snake"):
    gymnasium.register(
        id=f"manyhands/{_name}-v0",
        entry_point=f"manyhands.envs.{_name.lower()}.gymnasium_env:{_name}Env",
        vector_entry_point=f"manyhands.envs.{_name.lower()}.gymnasium_env:{_name}VectorEnv",
    )
