def reward_function(params):
    """Pay for being near the centre line, the nearer the more."""
    half_width = params["track_width"] / 2
    share = params["distance_from_center"] / half_width
    if not params["all_wheels_on_track"]:
        return 1e-3
    return float(max(1e-3, 1.0 - share**2))
