def reward_function(params):
    """Pay for every step with all wheels on the track and some room to the border."""
    room = 0.5 * params["track_width"] - params["distance_from_center"]
    if params["all_wheels_on_track"] and room >= 0.05:
        return 1.0
    return 1e-3
