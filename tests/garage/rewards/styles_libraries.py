"""Reward functions as people write them, with libraries: one entry for each style."""

import json
import math

SOURCES: dict[str, str] = {}

_OVAL = [
    [
        round(3 + 2.5 * math.cos(t / 50 * math.tau), 5),
        round(3 + 2 * math.sin(t / 50 * math.tau), 5),
        1.3,
        0.07,
    ]
    for t in range(120)
]

SOURCES["a racing line of many points"] = f"""
import math


class Reward:
    def __init__(self, verbose=False):
        self.first_racingpoint_index = None
        self.verbose = verbose

    def reward_function(self, params):
        line = {_OVAL}

        def dist(x1, x2, y1, y2):
            return abs(abs(x1 - x2) ** 2 + abs(y1 - y2) ** 2) ** 0.5

        def two_closest(coords, me):
            gaps = [dist(me[0], c[0], me[1], c[1]) for c in coords]
            first = gaps.index(min(gaps))
            rest = gaps.copy()
            rest[first] = 999
            return [first, rest.index(min(rest))]

        if params['steps'] == 1:
            self.first_racingpoint_index = None
        first, second = two_closest(line, [params['x'], params['y']])
        if self.first_racingpoint_index is None:
            self.first_racingpoint_index = first
        optimal = line[first]
        away = dist(params['x'], optimal[0], params['y'], optimal[1])
        reward = max(1e-3, 1 - away / (params['track_width'] * 0.5))
        if self.verbose:
            print('Distance', away)
        reward += (abs(params['speed'] - optimal[2]) <= 1) * 0.5
        return float(reward + 0.01 * ((first - self.first_racingpoint_index) % 7) + 0.001 * second)


reward_object = Reward()


def reward_function(params):
    return reward_object.reward_function(params)
"""
SOURCES["numpy angles"] = """
import numpy as np

def reward_function(params):
    points = np.array(params['waypoints'])
    here = np.array([params['x'], params['y']])
    gaps = np.linalg.norm(points - here, axis=1)
    nearest = int(np.argmin(gaps))
    ahead = points[(nearest + 5) % len(points)] - here
    heading = np.deg2rad(params['heading'])
    facing = np.array([np.cos(heading), np.sin(heading)])
    return float(np.dot(ahead, facing) / (np.linalg.norm(ahead) + 1e-9)) + float(np.clip(gaps[nearest], 0, 1))
"""
SOURCES["numpy scalars returned"] = """
import numpy as np
def reward_function(params):
    return np.float32(params['speed']) * np.exp(-np.square(params['distance_from_center']))
"""
SOURCES["numpy curvature"] = """
import numpy as np
def reward_function(params):
    w = np.asarray(params['waypoints'], dtype=float)[:-1]
    i = params['closest_waypoints'][1]
    part = w.take(range(i - 3, i + 4), axis=0, mode='wrap')
    d1 = np.gradient(part, axis=0); d2 = np.gradient(d1, axis=0)
    k = np.abs(d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0]) / ((d1 ** 2).sum(1) ** 1.5 + 1e-12)
    fit = np.polyfit(np.arange(7), k, 2)
    return float(np.mean(k) - np.std(k) + np.polyval(fit, 3) + np.percentile(k, 75))
"""
SOURCES["numpy matrices"] = """
import numpy as np
from numpy.linalg import inv, solve, lstsq, svd
from numpy import pi, sin, cos
def reward_function(params):
    a = params['heading'] / 180 * pi
    r = np.matrix([[cos(a), -sin(a)], [sin(a), cos(a)]])
    v = inv(r) @ np.array([params['x'], params['y']])
    s = svd(np.outer([1, 2, 3], [params['speed'], 1]), compute_uv=False)
    q = solve(np.eye(2) * 2, np.array([1.0, params['speed']]))
    c, *_ = lstsq(np.array([[1, 1], [1, 2], [1, 3]]), np.array([1, 2, 2 + params['speed']]), rcond=None)
    return float(v.A1[0] + s[0] + q[1] + c[0])
"""
SOURCES["numpy lazies"] = """
import numpy
def reward_function(params):
    rng = numpy.random.default_rng(int(params['steps']))
    spectrum = numpy.fft.rfft([params['speed'], params['x'], params['y'], 1.0])
    poly = numpy.polynomial.Polynomial([1, params['speed']])
    masked = numpy.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0])
    text = numpy.array2string(numpy.arange(3)) + str(numpy.datetime64('2020-01-01'))
    return float(abs(spectrum[1]) + poly(2.0) + masked.mean() + rng.normal() + len(text))
"""
SOURCES["numpy printed"] = """
import numpy as np
np.set_printoptions(precision=3, suppress=True)
def reward_function(params):
    print(np.array(params['waypoints'])[:2], np.float64(1.5), repr(np.zeros(2)))
    with np.errstate(divide='ignore', invalid='ignore'):
        bad = np.array([1.0]) / 0.0
    return float(np.isinf(bad[0])) + np.unique(np.round(params['waypoints'], 0)).size
"""
SOURCES["shapely polygons"] = """
from shapely.geometry import Point, Polygon, LineString, LinearRing, box
from shapely.ops import nearest_points, unary_union
from shapely import affinity
def reward_function(params):
    ring = LinearRing(params['waypoints'])
    me = Point(params['x'], params['y'])
    car = affinity.rotate(box(-0.1, -0.1, 0.2, 0.1), params['heading'])
    line = LineString(params['waypoints'])
    near, _ = nearest_points(line, me)
    both = unary_union([car, Point(0, 0).buffer(0.2)])
    inside = Polygon(params['waypoints']).contains(me)
    return ring.distance(me) + line.project(me) * 0.1 + near.x * 0.01 + both.area + inside
"""
SOURCES["shapely whole"] = """
import shapely
import shapely.geometry as geo
import shapely.wkt
def reward_function(params):
    line = geo.LineString(params['waypoints']).simplify(0.05)
    return line.length / params['track_length'] + shapely.wkt.loads('POINT (1 2)').x + len(line.coords)
"""
SOURCES["scipy splines"] = """
from scipy import interpolate
from scipy.interpolate import splprep, splev
import numpy as np
tck = None
def reward_function(params):
    global tck
    if tck is None:
        w = np.array(params['waypoints'])[:-1]
        tck, _ = splprep([w[:, 0], w[:, 1]], s=0.1, per=False)
    u = params['progress'] / 100
    x, y = splev(u, tck)
    f = interpolate.interp1d([0, 1, 4], [0, 2, 3])
    return float((x - params['x']) ** 2 + (y - params['y']) ** 2) ** 0.5 + float(f(params['speed']))
"""
SOURCES["scipy trees and distances"] = """
import scipy.spatial
from scipy.spatial.distance import cdist, euclidean
from scipy.spatial import KDTree
def reward_function(params):
    tree = KDTree(params['waypoints'])
    gap, at = tree.query((params['x'], params['y']))
    return float(gap + cdist([[0, 0]], [[params['x'], 1]])[0, 0] + euclidean([0, 0], params['waypoints'][at]))
"""
SOURCES["scipy optimises"] = """
from scipy.optimize import minimize, brentq
from scipy.stats import norm
from scipy.signal import savgol_filter
from scipy.ndimage import gaussian_filter1d
def reward_function(params):
    found = minimize(lambda v: (v[0] - params['speed']) ** 2 + 1, [0.0])
    root = brentq(lambda v: v ** 3 - params['speed'], 0, 4)
    xs = [p[0] for p in params['waypoints']][:21]
    smooth = savgol_filter(xs, 5, 2)[3] + gaussian_filter1d(xs, 1)[2]
    return float(found.fun + root + norm.pdf(params['distance_from_center']) + smooth)
"""
SOURCES["scipy special and integrals"] = """
import scipy
import scipy.integrate
import scipy.special as sp
def reward_function(params):
    area, _ = scipy.integrate.quad(lambda t: t ** 2, 0, params['speed'])
    return area + sp.expit(params['steering_angle'] / 10) + scipy.constants.g
"""
SOURCES["json inside"] = f"""
import json
LINE = json.loads('''{json.dumps(_OVAL[:45])}''')
def reward_function(params):
    i = params['closest_waypoints'][0] % len(LINE)
    seen = {{'speed': params['speed'], 'all': params['waypoints'][:2], 'n': None}}
    text = json.dumps(seen, sort_keys=True, indent=1)
    return abs(LINE[i][0] - params['x']) + len(text) * 0.001 + json.loads(text)['speed']
"""
SOURCES["bisect"] = """
import bisect
from bisect import bisect_right
LIMITS = [0.1, 0.25, 0.5, 1.0]
SCORES = [1.0, 0.7, 0.4, 0.1, 0.0]
def reward_function(params):
    log = []
    for p in params['waypoints'][:20]:
        bisect.insort(log, p[0])
    return SCORES[bisect_right(LIMITS, params['distance_from_center'] / params['track_width'])] + log[3]
"""
SOURCES["time"] = """
import time
from datetime import datetime, timedelta
start = time.time()
def reward_function(params):
    began = time.perf_counter()
    stamp = datetime.now().strftime('%Y-%m-%d %H:%M:%S.%f')
    passed = time.time() - start
    day = datetime.strptime('2022-05-04', '%Y-%m-%d') + timedelta(days=params['steps'])
    time.strftime('%X'); time.localtime(); time.sleep(0)
    return params['speed'] if passed >= 0 and stamp and time.perf_counter() >= began else day.day
"""
SOURCES["logging"] = """
import logging
logging.basicConfig(level=logging.INFO, format='%(asctime)s %(levelname)s %(message)s')
logger = logging.getLogger(__name__)
logger.setLevel(logging.DEBUG)
handler = logging.StreamHandler()
logger.addHandler(handler)
def reward_function(params):
    logger.info('speed %s', params['speed'])
    logging.warning('off by %.2f', params['distance_from_center'])
    try:
        params['missing']
    except KeyError:
        logger.exception('no such key')
    return params['speed']
"""
SOURCES["statistics"] = """
import statistics
from statistics import mean, stdev, median
recent = []
def reward_function(params):
    recent.append(params['speed'])
    if len(recent) < 3:
        return 0.0
    return mean(recent[-10:]) + stdev(recent[-10:]) + median(recent) + statistics.pvariance(recent[-4:])
"""
SOURCES["collections"] = """
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple, ChainMap
Point = namedtuple('Point', 'x y')
window = deque(maxlen=8)
visits = defaultdict(int)
def reward_function(params):
    p = Point(params['x'], params['y'])
    window.append(p)
    visits[params['closest_waypoints'][0]] += 1
    common = Counter(v for v in visits.values()).most_common(1)[0][1]
    seen = OrderedDict(sorted(visits.items()))
    return window[-1].x - window[0].x + common + next(iter(seen.values())) + ChainMap({'a': 1})['a']
"""
SOURCES["itertools and functools"] = """
from itertools import islice, cycle, accumulate, chain, combinations
from functools import lru_cache, partial, reduce
import operator
@lru_cache(maxsize=None)
def length(points):
    return sum(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** .5 for a, b in zip(points, points[1:]))
def reward_function(params):
    way = tuple(map(tuple, params['waypoints']))
    ahead = list(islice(cycle(way), params['closest_waypoints'][0], params['closest_waypoints'][0] + 4))
    total = reduce(operator.add, (p[0] for p in chain(ahead, [(0, 0)])), 0)
    pairs = len(list(combinations(range(4), 2)))
    return length(way) * 0.1 + total + list(accumulate([1, 2, 3]))[-1] + partial(pow, 2)(3) + pairs
"""
SOURCES["data classes and enums"] = """
from __future__ import annotations
from dataclasses import dataclass, field, asdict
from enum import Enum, IntEnum, auto
from abc import ABC, abstractmethod
class Side(Enum):
    LEFT = auto()
    RIGHT = auto()
class Gear(IntEnum):
    LOW = 1
    HIGH = 2
@dataclass(order=True)
class Seen:
    speed: float
    side: Side = field(default=Side.LEFT, compare=False)
    log: list[float] = field(default_factory=list, compare=False)
class Part(ABC):
    @abstractmethod
    def of(self, params): ...
class Fast(Part):
    def of(self, params):
        seen = Seen(params['speed'], Side.LEFT if params['is_left_of_center'] else Side.RIGHT)
        return asdict(seen)['speed'] * seen.side.value * Gear.HIGH + (seen > Seen(1.0))
parts = [Fast()]
def reward_function(params):
    return sum(p.of(params) for p in parts)
"""
SOURCES["copies"] = """
import copy
from copy import deepcopy
first = None
def reward_function(params):
    global first
    if first is None or params['steps'] == 1:
        first = deepcopy(params)
    mine = copy.copy(params)
    mine['waypoints'] = mine['waypoints'][1:]
    return len(params['waypoints']) - len(mine['waypoints']) + abs(first['x'] - params['x'])
"""
SOURCES["patterns and text"] = """
import re
import string
import textwrap
NUMBERS = re.compile(r'(?P<n>\\d+)\\.(\\d+)')
def reward_function(params):
    found = NUMBERS.search('speed %.3f' % params['speed'])
    words = textwrap.dedent('  a b').split() + list(string.digits)
    return int(found.group('n')) + int(found[2]) / 1000 + len(re.sub('[aeiou]', '', 'reward')) + len(words)
"""
SOURCES["exact numbers"] = """
from decimal import Decimal, getcontext
from fractions import Fraction
import cmath, numbers
getcontext().prec = 20
def reward_function(params):
    d = Decimal(str(round(params['speed'], 2))) / Decimal(3)
    f = Fraction(int(params['steps']), 7)
    z = cmath.exp(1j * params['heading'] / 57.3)
    assert isinstance(f, numbers.Rational)
    return float(d) + float(f) + z.real
"""
SOURCES["heaps and contexts"] = """
import heapq
import warnings
from contextlib import contextmanager, suppress
@contextmanager
def weight(w):
    yield w * 2
def reward_function(params):
    nearest = heapq.nsmallest(3, params['waypoints'], key=lambda p: abs(p[0] - params['x']))
    with suppress(KeyError), weight(1.5) as w:
        del params['none']
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        warnings.warn('quiet')
    warnings.warn('loud')
    return nearest[0][0] + w
"""
SOURCES["random with a seed"] = """
import random
random.seed(42)
own = random.Random(7)
def reward_function(params):
    return random.uniform(0, 1) + own.gauss(0, 1) + random.choice([1, 2, 3]) + params['speed']
"""
SOURCES["os and sys, harmless"] = """
import os, sys
import platform
DEBUG = os.environ.get('REWARD_DEBUG', '0') == '1'
sys.setrecursionlimit(5000)
def reward_function(params):
    if DEBUG:
        print(sys.version)
    name = os.path.join('a', 'b.txt')
    assert os.path.basename(os.path.abspath('b.txt')) == 'b.txt' and os.getpid() > 0
    assert not os.path.exists('/no/such/file') and sys.stdout.isatty() in (True, False)
    sys.stdout.write('written\\n')
    sys.stdout.flush()
    new = sys.version_info >= (3, 6)
    return params['speed'] + len(os.path.basename(name)) + new + sys.float_info.epsilon
"""
SOURCES["a log file beside it"] = """
import logging
logging.basicConfig(filename='drive.log', filemode='w', format='%(message)s', level=logging.INFO)
class Judge:
    def __init__(self):
        self.log = logging.getLogger(__name__)
        handler = logging.FileHandler('more.log')
        handler.setFormatter(logging.Formatter('%(asctime)s %(message)s'))
        self.log.addHandler(handler)
    def judge(self, params):
        self.log.info('step %d at %.2f', params['steps'], params['speed'])
        return params['speed'] + len(self.log.handlers)
judge = Judge()
def reward_function(params):
    return judge.judge(params)
"""
SOURCES["standard output wrapped"] = """
import io, sys
print('before')
out = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8', line_buffering=True)
def reward_function(params):
    print('\u2713 at', params['speed'], file=out)
    sys.stdout.buffer.write(b'bytes')
    return params['speed']
"""
SOURCES["options with defaults"] = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument('--weight', type=float, default=0.5)
options, _ = parser.parse_known_args([])
def reward_function(params):
    return options.weight * params['speed']
"""
SOURCES["traces of errors"] = """
import traceback, sys, inspect
def reward_function(params):
    try:
        return 1 / (params['closest_waypoints'][0] % 3)
    except Exception:
        traceback.print_exc()
        text = traceback.format_exc()
        return len(text.splitlines()) * 0 + len(inspect.signature(reward_function).parameters)
"""
SOURCES["objects avoided"] = """
import math
def reward_function(params):
    reward = 1.0
    where = params['objects_location']
    if where:
        behind, ahead = params['closest_objects']
        x, y = where[ahead]
        gap = math.hypot(x - params['x'], y - params['y'])
        lane = params['objects_left_of_center'][ahead] == params['is_left_of_center']
        if lane:
            reward = 0.2 if gap < 0.8 else 0.8
        reward += sum(params['objects_speed']) + params['objects_distance'][behind] * 0.01
    return float(reward)
"""
SOURCES["a class with everything"] = """
import math
import numpy as np
class Track:
    instances = 0
    def __new__(cls, *args, **kwargs):
        cls.instances += 1
        return super().__new__(cls)
    def __init__(self, *args, **kwargs):
        self.cache = kwargs.get('cache', {})
    def __getitem__(self, at):
        return self.cache.setdefault(at, math.sqrt(at))
    def __len__(self): return len(self.cache)
    def __enter__(self): return self
    def __exit__(self, *error): return False
    def __iter__(self): yield from sorted(self.cache)
track = Track(cache={})
def reward_function(params):
    with track as t:
        value = t[params['closest_waypoints'][0]]
    return value + len(track) + np.mean(list(track)) + Track.instances
"""
