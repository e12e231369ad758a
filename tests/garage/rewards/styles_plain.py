"""Reward functions as people write them, with the language alone or math: one entry for each style."""

SOURCES: dict[str, str] = {}

SOURCES["centre line in three bands"] = """
def reward_function(params):
    width = params['track_width']
    off = params['distance_from_center']
    if off <= 0.1 * width:
        reward = 1.0
    elif off <= 0.25 * width:
        reward = 0.5
    elif off <= 0.5 * width:
        reward = 0.1
    else:
        reward = 1e-3
    return float(reward)
"""
SOURCES["smooth centre"] = """
import math
def reward_function(params):
    half = params['track_width'] / 2.0
    return max(1e-3, math.exp(-4.0 * (params['distance_from_center'] / half) ** 2))
"""
SOURCES["tabs and semicolons"] = (
    "def reward_function(params):\n\tr = 1.0; s = params['speed']\n"
    "\tif s < 1: r *= .5; r -= .01\n\treturn r\n"
)
SOURCES["heading against the road"] = """
import math

def reward_function(params):
    points, near, heading = params['waypoints'], params['closest_waypoints'], params['heading']
    there, here = points[near[1]], points[near[0]]
    road = math.degrees(math.atan2(there[1] - here[1], there[0] - here[0]))
    gap = abs(road - heading)
    if gap > 180:
        gap = 360 - gap
    reward = 1.0
    if gap > 10.0:
        reward *= 0.5
    return float(reward)
"""
SOURCES["aim at a circle ahead"] = """
import math

def crossing(centre, radius, first, second):
    dx, dy = second[0] - first[0], second[1] - first[1]
    fx, fy = first[0] - centre[0], first[1] - centre[1]
    a = dx * dx + dy * dy
    b = 2 * (fx * dx + fy * dy)
    c = fx * fx + fy * fy - radius ** 2
    root = b * b - 4 * a * c
    if a == 0 or root < 0:
        return None
    root = math.sqrt(root)
    for t in ((-b + root) / (2 * a), (-b - root) / (2 * a)):
        if 0 <= t <= 1:
            return first[0] + t * dx, first[1] + t * dy
    return None

def target(params):
    ring = params['waypoints'][:-1]
    start = params['closest_waypoints'][0]
    ring = ring[start:] + ring[:start]
    for k in range(len(ring) - 1):
        hit = crossing((params['x'], params['y']), params['track_width'] * 0.9, ring[k], ring[k + 1])
        if hit:
            return hit
    return ring[1]

def reward_function(params):
    tx, ty = target(params)
    aim = math.degrees(math.atan2(ty - params['y'], tx - params['x'])) - params['heading']
    aim = (aim + 180) % 360 - 180
    error = (params['steering_angle'] - aim) / 60.0
    return max(1.0 - abs(error), 0.01)
"""
SOURCES["progress over steps"] = """
def reward_function(params):
    TOTAL = 300
    steps, progress = params['steps'], params['progress']
    reward = 1.0
    if (steps % 100) == 0 and progress > (steps / TOTAL) * 100:
        reward += 10.0
    return reward + progress / steps
"""
SOURCES["early way out"] = """
def reward_function(params):
    if params['is_offtrack'] or params['is_crashed']:
        return 1e-3
    if not params['all_wheels_on_track']: return 1e-2
    return params['speed'] ** 2
"""
SOURCES["global of the step before"] = """
before = None
def reward_function(params):
    global before
    if before is None or params['steps'] <= 2:
        before = params['steering_angle']
    change = abs(params['steering_angle'] - before)
    before = params['steering_angle']
    return 1.0 / (1.0 + change)
"""
SOURCES["reset at step one"] = """
total = 0.0
def reward_function(params):
    global total
    if params['steps'] == 1:
        total = 0.0
    total += params['speed']
    return total / params['steps']
"""
SOURCES["reset at step two"] = """
total = 5.0
def reward_function(params):
    global total
    if params["steps"] == 2:
        total = 0
    total += params["progress"]
    return total * 0.01
"""
SOURCES["an object of the module"] = """
class Memory:
    def __init__(self):
        self.speeds = []
        self.best = 0

    def add(self, speed, steps):
        if steps < 3:
            self.speeds = []
        self.speeds.append(speed)
        self.best = max(self.best, sum(self.speeds))
        return sum(self.speeds) / len(self.speeds)

memory = Memory()

def reward_function(params):
    return memory.add(params['speed'], params['steps']) + 1e-3 * memory.best
"""
SOURCES["state of a class"] = """
class STATE:
    prev_progress = 0
    prev_steps = 0
    count = 0

def reward_function(params):
    STATE.count += 1
    if params['steps'] < STATE.prev_steps:
        STATE.prev_progress = 0
    gain = params['progress'] - STATE.prev_progress
    STATE.prev_progress, STATE.prev_steps = params['progress'], params['steps']
    return gain + STATE.count * 1e-6
"""
SOURCES["state on the function"] = """
def reward_function(params):
    reward_function.calls += 1
    history = reward_function.history
    history.append(params['heading'])
    del history[:-5]
    return sum(abs(a - b) for a, b in zip(history, history[1:])) / 100 + reward_function.calls

reward_function.calls = 0
reward_function.history = []
"""
SOURCES["a default that remembers"] = """
def reward_function(params, seen=[0.0]):
    seen.append(params['x'])
    return abs(seen[-1] - seen[-2])
"""
SOURCES["a closure"] = """
def make():
    last = {'x': 0.0, 'y': 0.0}
    def inner(params):
        nonlocal last
        moved = ((params['x'] - last['x']) ** 2 + (params['y'] - last['y']) ** 2) ** 0.5
        last = {'x': params['x'], 'y': params['y']}
        return min(moved, 10.0)
    return inner

reward_function = make()
"""
SOURCES["nested functions"] = """
import math
def reward_function(params):
    def distance(a, b):
        return math.hypot(a[0] - b[0], a[1] - b[1])
    def nearest(points, me):
        best, at = 1e9, 0
        for i, p in enumerate(points):
            d = distance(p, me)
            if d < best:
                best, at = d, i
        return at, best
    at, best = nearest(params['waypoints'], (params['x'], params['y']))
    def shape(v): return 1 - min(v, 1)
    return shape(best) + (0.1 if at in params['closest_waypoints'] else 0)
"""
SOURCES["imports inside"] = """
def reward_function(params):
    import math
    from math import radians as rad
    import random as rnd
    rnd.seed(int(params['steps']))
    return math.cos(rad(params['steering_angle'])) + rnd.random() * 1e-3
"""
SOURCES["deletes its params"] = """
def reward_function(params):
    speed = params['speed']
    for key in list(params):
        if key.startswith('objects') or key == 'waypoints':
            del params[key]
    rest = sorted(params)
    del params
    return speed + len(rest)
"""
SOURCES["sorts and pops the waypoints"] = """
def reward_function(params):
    points = params['waypoints']
    points.sort(key=lambda p: (p[0] - params['x']) ** 2 + (p[1] - params['y']) ** 2)
    first = points.pop(0)
    params['closest_waypoints'].append(len(points))
    return abs(first[0] - params['x']) + len(params['closest_waypoints'])
"""
SOURCES["recursion"] = """
def power(base, n):
    if n == 0:
        return 1.0
    half = power(base, n // 2)
    return half * half * (base if n % 2 else 1)

def reward_function(params):
    return power(1.0 + params['speed'] / 100, int(params['steps']) % 30)
"""
SOURCES["try and except"] = """
def reward_function(params):
    try:
        other = params['objects_location'][params['closest_objects'][1]]
        gap = abs(other[0] - params['x']) + abs(other[1] - params['y'])
    except IndexError:
        gap = 9.9
    except Exception as error:
        gap = len(str(error))
    else:
        gap *= 2
    finally:
        bonus = 0.5
    return gap + bonus
"""
SOURCES["a division that fails"] = """
def reward_function(params):
    try:
        return 1.0 / (params['closest_waypoints'][0] % 5)
    except ZeroDivisionError:
        return -1.0
"""
SOURCES["prints and f-strings"] = """
def reward_function(params):
    r = params['progress'] / max(1, params['steps'])
    print(f"step={params['steps']:>5} r={r:.3f} {'ok' if r else 'bad'!r}")
    print("off", params['distance_from_center'], sep=': ', end='\\n', flush=True)
    print("%d %s" % (params['steps'], params['is_reversed']))
    print('{:.2f} {speed}'.format(r, **params))
    return r
"""
SOURCES["a decorator"] = """
from functools import wraps

def bounded(low, high):
    def around(function):
        @wraps(function)
        def wrapped(params):
            return min(high, max(low, function(params)))
        return wrapped
    return around

@bounded(1e-3, 2.5)
def reward_function(params):
    return params['speed'] * (1 - params['distance_from_center'])
"""
SOURCES["class and static methods"] = """
class Judge:
    WEIGHT = 2.0
    _made = None

    @classmethod
    def get(cls):
        if cls._made is None:
            cls._made = cls()
        return cls._made

    @staticmethod
    def ratio(a, b):
        return a / b if b else 0.0

    @property
    def weight(self):
        return self.WEIGHT

    def __call__(self, params):
        return self.weight * self.ratio(params['progress'], params['steps'])

def reward_function(params):
    return Judge.get()(params)
"""
SOURCES["inheritance"] = """
class Base(object):
    def __init__(self, params):
        self.params = params
    def score(self):
        return 1.0
class Speed(Base):
    def __init__(self, params):
        super(Speed, self).__init__(params)
        self.speed = params['speed']
    def score(self):
        return super().score() + self.speed
class Both(Speed):
    def score(self):
        return Speed.score(self) * (0.5 if self.params['is_left_of_center'] else 1)
def reward_function(params):
    return Both(params).score()
"""
SOURCES["slots and operators"] = """
class P:
    __slots__ = ('x', 'y')
    def __init__(self, x, y): self.x = x; self.y = y
    def __sub__(self, o): return P(self.x - o.x, self.y - o.y)
    def __abs__(self): return (self.x ** 2 + self.y ** 2) ** .5
    def __repr__(self): return 'P(%r, %r)' % (self.x, self.y)
def reward_function(params):
    me = P(params['x'], params['y'])
    return min(abs(P(*w) - me) for w in params['waypoints']) + len(repr(me)) * 0
"""
SOURCES["generators"] = """
def pairs(points):
    it = iter(points)
    last = next(it)
    for p in it:
        yield last, p
        last = p

def reward_function(params):
    length = sum(((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5 for a, b in pairs(params['waypoints']))
    return params['track_length'] / length
"""
SOURCES["comprehensions"] = """
def reward_function(params):
    xs = [p[0] for p in params['waypoints']]
    ys = {round(p[1], 1) for p in params['waypoints']}
    d = {i: x for i, x in enumerate(xs) if i % 10 == 0}
    return (max(xs) - min(xs)) + len(ys) * 0.1 + sum(d.values()) / len(d)
"""
SOURCES["a list of waypoints for left and right"] = """
LEFT = [1, 2, 3, 4, 5, 60, 61, 62, 63, 64]
RIGHT = list(range(20, 40)) + [90, 91]
FAST = set(range(0, 20))
def reward_function(params):
    nxt = params['closest_waypoints'][1]
    r = 0.2
    if nxt in LEFT and params['is_left_of_center']: r += 1
    elif nxt in RIGHT and not params['is_left_of_center']: r += 1
    if nxt in FAST: r += params['speed']
    return float(r)
"""
SOURCES["types"] = """
from __future__ import annotations
from typing import Any, Dict, List, Optional, Tuple
Point = Tuple[float, float]

def middle(points: List[Point], at: Optional[int] = None) -> Point:
    chosen: Point = points[at or 0]
    return chosen

def reward_function(params: Dict[str, Any]) -> float:
    x, y = middle(params['waypoints'], params['closest_waypoints'][0])
    return float(abs(x - params['x']) + abs(y - params['y']))
"""
SOURCES["the walrus and unpacking"] = """
def reward_function(params):
    if (gap := params['distance_from_center']) > 0.2:
        return 1 - gap
    first, *rest, last = params['waypoints']
    return {**params, 'speed': 3.0}['speed'] + (first == last) + 0 * len(rest)
"""
SOURCES["a match statement"] = """
def reward_function(params):
    match params:
        case {'is_offtrack': True}:
            return 0.0
        case {'speed': speed, 'closest_waypoints': [before, _]} if speed > 1:
            return speed + before
        case _:
            return 0.5
"""
SOURCES["lambdas"] = """
sig = lambda v: 1 / (1 + 2.718281828 ** -v)
parts = {'a': lambda p: sig(p['speed'] - 2), 'b': lambda p: sig(-p['distance_from_center'] * 5)}
reward_function = lambda params: sum(map(lambda f: f(params), parts.values()))
"""
SOURCES["main guard"] = """
def reward_function(params):
    return float(params['speed'] / 4)

if __name__ == '__main__':
    raise SystemExit(reward_function({'speed': 1}))
"""
SOURCES["while and for with else"] = """
def reward_function(params):
    n, k = int(abs(params['heading'])), 0
    while n > 1 and k < 50:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        k += 1
    for i in range(3):
        if i > k: break
    else:
        k += 0.5
    return k * 0.1
"""
SOURCES["whole numbers and flags"] = """
def reward_function(params):
    if params['is_left_of_center']:
        return True
    return int(params['steps']) % 7
"""
SOURCES["text as a number"] = "def reward_function(params):\n    return '%.3f' % params['speed']\n"
SOURCES["the signature of 2018"] = """
def reward_function(on_track, x, y, distance_from_center, car_orientation, progress, steps,
                    throttle, steering, track_width, waypoints, closest_waypoint):
    '''the one of the preview'''
    import math
    if not on_track:
        return 1e-3
    p = waypoints[closest_waypoint]
    gap = abs(math.atan2(p[1] - y, p[0] - x) - car_orientation)
    centred = 1 - distance_from_center / track_width
    return throttle + progress / 100 - 0.1 * gap - abs(steering) * 0.2 + centred + 0 * steps
"""
SOURCES["the signature with self"] = """
def reward_function(self, on_track, x, y, distance_from_center, car_orientation, progress, steps,
                    throttle, steering, track_width, waypoints, closest_waypoints):
    rate = distance_from_center / (track_width * 0.5)
    self.last = rate
    return 1.0 - self.last if throttle > 1 and on_track else 0.1 + 0 * (x + y + closest_waypoints)
"""
