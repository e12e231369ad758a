MOST_STEERING = 15.0  # degrees


def reward_function(params):
    """Follow the centre line, and pay less for steering hard."""
    share = 2.0 * params["distance_from_center"] / params["track_width"]
    reward = max(1e-3, 1.0 - share)
    if abs(params["steering_angle"]) > MOST_STEERING:
        reward *= 0.8
    return float(reward)
