class Memory:
    """What the step before was like; one for each car."""

    progress = 0.0


def reward_function(params):
    """Pay for the part of the lap that the step made, and end on the track."""
    if params["steps"] <= 2:
        Memory.progress = 0.0
    made = params["progress"] - Memory.progress
    Memory.progress = params["progress"]
    if params["is_offtrack"]:
        return -1.0
    return float(made)
