"""Documentation pages of the environments, made from the docstrings of their classes.

python -m manyhands.envs.pages docs/environments
"""

import inspect
import sys
from pathlib import Path

import gymnasium
from gymnasium.envs.registration import load_env_creator

NAMESPACE = "manyhands"


def pages() -> dict[str, str]:
    """Markdown of every registered environment by file name."""
    found = {}
    for spec in gymnasium.registry.values():
        if spec.namespace == NAMESPACE:
            creator = load_env_creator(str(spec.entry_point))
            text = inspect.cleandoc(creator.__doc__ or "")
            found[f"{spec.name.lower()}-v{spec.version}.md"] = f"# {spec.name}-v{spec.version}\n\n{text}\n"
    return found


def main() -> None:
    """Write the pages into the folder that the command line names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()
