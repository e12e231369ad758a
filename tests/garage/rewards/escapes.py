"""Ways out of the jail that a stranger may try, each as a reward function's body or a whole source."""

from __future__ import annotations

import textwrap

# The body of reward_function; it must end as the author's error, with a line.
REFUSED = {
    "its modules forgotten": "import sys; sys.modules.clear()",
    "read a password file": "open('/etc/passwd').read()",
    "read its environment": "open('/proc/self/environ', 'rb').read()",
    "read its memory map": "open('/proc/self/maps').read()",
    "read its parent's memory": "import os; open(f'/proc/{os.getppid()}/mem', 'rb')",
    "read its own source": "open('reward_function.py').read()",
    "write a file": "open('/tmp/escaped', 'w').write('x')",
    "write here": "open('escaped', 'w')",
    "make a folder": "import os; os.mkdir('/tmp/escaped')",
    "list the root": "import os; os.listdir('/')",
    "stat a file": "import os; os.stat('/etc')",
    "remove a file": "import os; os.remove('/etc/hostname')",
    "rename": "import os; os.rename('/tmp', '/tmp2')",
    "link": "import os; os.symlink('/etc', 'link')",
    "change folder": "import os; os.chdir('/')",
    "leave the root": "import os; os.chroot('..')",
    "a temporary file": "import tempfile; tempfile.TemporaryFile()",
    "a file in memory": "import os; os.memfd_create('code')",
    "a pipe of its own": "import os; os.pipe()",
    "another descriptor": "import os; os.dup(0)",
    "read standard input": "import os; os.read(0, 1)",
    "write to standard output": "import os; os.write(1, b'x')",
    "write to any descriptor": "import os\n[os.write(n, b'x') for n in (1, 2, 0, 17, 99)]",
    "duplicate over a pipe": "import os; os.dup2(0, 4)",
    "numpy reads a file": "import numpy as np; np.loadtxt('/etc/passwd', dtype=str)",
    "numpy writes a file": "import numpy as np; np.save('escaped', np.zeros(3))",
    "numpy maps a file": "import numpy as np; np.memmap('/etc/passwd', mode='r')",
    "numpy unpickles": "import numpy as np; np.load('/tmp/x.npy', allow_pickle=True)",
    "array to a file": "import numpy as np; np.zeros(3).tofile('escaped')",
    "a log file": "import logging; logging.FileHandler('/tmp/escaped.log')",
    "a database": "import sqlite3; sqlite3.connect('/tmp/escaped.db')",
    "a socket": "import socket; socket.socket()",
    "a connection": "import socket; socket.create_connection(('127.0.0.1', 80), 1)",
    "a local socket": "import socket; socket.socketpair()",
    "a look-up": "import socket; socket.getaddrinfo('localhost', 80)",
    "a web page": "import urllib.request; urllib.request.urlopen('http://127.0.0.1/')",
    "a shell": "import os\nif os.system('true') == 0:\n    return 1.0\nraise OSError('refused')",
    "a program": "import subprocess; subprocess.run(['true'])",
    "a spawned program": "import os; os.posix_spawn('/bin/true', ['true'], {})",
    "another program instead": "import os; os.execv('/bin/true', ['true'])",
    "a fork": "import os; os.fork()",
    "a fork bomb": "import os\nwhile True: os.fork()",
    "a process of multiprocessing": "import multiprocessing as m; m.Process(target=print).start()",
    "a thread": "import threading; threading.Thread(target=print).start()",
    "a pool of threads": "import concurrent.futures as c; c.ThreadPoolExecutor().submit(print)",
    "a clone by number": """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(56, 17, 0, 0, 0, 0) == -1: raise OSError(ctypes.get_errno(), 'clone')
        """,
    "another language": "import tkinter; tkinter.Tcl().eval('open /tmp/escaped w')",
    "kill the parent": "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
    "kill everything": "import os, signal; os.kill(-1, signal.SIGKILL)",
    "kill itself by signal": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "ignore the alarm": "import signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)",
    "block signals": "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))",
    "a timer": "import signal; signal.setitimer(signal.ITIMER_REAL, 0.01)",
    "raise its limits": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
    "nicer than others": "import os; os.nice(-5)",
    "another user": "import os; os.setuid(0); raise OSError('still the same')",
    "trace the parent": """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.ptrace(16, os.getppid(), 0, 0) == -1: raise OSError(ctypes.get_errno(), 'ptrace')
        """,
    "write into the parent's memory": """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(311, os.getppid(), 0, 0, 0, 0, 0) == -1: raise OSError(ctypes.get_errno(), 'writev')
        """,
    "lift the filter": """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(22, 0, 0, 0, 0) == -1: raise OSError(ctypes.get_errno(), 'prctl')
        """,
    "a namespace": """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(0x10000000) == -1: raise OSError(ctypes.get_errno(), 'unshare')
        """,
    "a mount": """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == -1: raise OSError(ctypes.get_errno(), 'mount')
        """,
    "new machine code": "import mmap; mmap.mmap(-1, 4096, prot=7)",
    "an old interface": """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(0x40000000 + 2, b'/etc/passwd', 0) == -1: raise OSError(ctypes.get_errno(), 'open')
        """,
    "an asynchronous ring": """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(425, 8, 0) == -1: raise OSError(ctypes.get_errno(), 'io_uring_setup')
        """,
    "a module that is not loaded": "import jax",
    "the package itself": "import manyhands.settings",
    "a module by its file": """
        import importlib.util
        spec = importlib.util.spec_from_file_location('escaped', '/etc/passwd')
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        """,
    "finders put back": """
        import sys, importlib.machinery as m
        sys.meta_path[:] = [m.PathFinder]
        sys.path.append('/usr/lib')
        import this
        """,
    "subclasses of object": """
        for kind in ().__class__.__base__.__subclasses__():
            if kind.__name__ == 'Popen': kind(['true'])
        raise OSError('no such class')
        """,
    "globals of a method": "import os; os.__dict__['open']('/etc/passwd', 0)",
    "builtins by a generator's frame": """
        frame = (lambda: (yield))().gi_frame
        frame.f_builtins['open']('/etc/passwd')
        """,
    "a loader's own reader": "import importlib.machinery as m; m.FileFinder('/').path_hook; "
    "m.SourceFileLoader('x', '/etc/passwd').get_data('/etc/passwd')",
    "a pickle that calls": """
        import pickle, os
        class Call:
            def __reduce__(self): return os.mkdir, ('escaped',)
        pickle.loads(pickle.dumps(Call()))
        """,
    "code made by hand": "exec(compile('open(\"/etc/passwd\")', 'reward_function.py', 'exec'))",
    "deep recursion": "return reward_function(params)",
    "a bomb of memory": "return len([0] * (1 << 34))",
    "a bomb of small objects": "kept = []\nwhile True: kept.append(bytearray(1 << 20))",
    "a bomb of numpy": "import numpy as np; return np.ones((1 << 17, 1 << 17)).sum()",
    "a decompression bomb": "import zlib; zlib.decompress(zlib.compress(b'0' * (1 << 20)) , bufsize=1 << 34)",
    "a busy loop": "while True: pass",
    "a busy loop that catches": """
        while True:
            try:
                while True: pass
            except Exception: pass
        """,
    "a long sleep": "import time; time.sleep(3600)",
    "a catastrophic pattern": "import re; re.match('(a|a)*b', 'a' * 60)",
    "waiting for a lock": "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "sys.exit": "import sys; sys.exit(0)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "GeneratorExit": "raise GeneratorExit",
    "its own base exception": "raise type('Mine', (BaseException,), {})",
    "an exception that cannot be told": """
        class Mine(Exception):
            def __str__(self): raise SystemExit
        raise Mine
        """,
    "an exception that talks for ever": """
        class Mine(Exception):
            def __str__(self): return 'x' * (1 << 26)
        raise Mine
        """,
    "a hostile float": """
        class Mine:
            def __float__(self): raise SystemExit(0)
        return Mine()
        """,
    "a float that loops": """
        class Mine:
            def __float__(self):
                while True: pass
        return Mine()
        """,
    "a float that is none": """
        class Mine:
            def __float__(self): return 'one'
        return Mine()
        """,
    "no number": "return 'fast'",
    "nothing": "return None",
    "not a number": "return float('nan')",
    "infinite": "return float('inf')",
    "out of range": "return 100001.0",
    "a whole array": "import numpy as np; return np.zeros(3)",
    "a complex number": "return 1j",
    "a number too long": "return 10 ** 400",
}

# It ends the process, or says what is not its to say: the author's error, whose line nobody can know.
ENDED = {
    "builtins patched": "import builtins; builtins.len = lambda x: 7; builtins.print = None",
    "a nested decompression": """
        import zlib
        packed = zlib.compress(b'\\0' * (32 << 20))
        kept = [zlib.decompress(packed) for _ in range(1000)]
        """,
    "a string that doubles": "text = 'x' * 1000\nwhile True: text += text",
    "leave at once": "import os; os._exit(0)",
    "abort": "import os; os.abort()",
    "a crash by ctypes": "import ctypes; ctypes.string_at(0)",
    "a stack without end": """
        import sys
        sys.setrecursionlimit(1 << 30)
        class Deep:
            def __getattr__(self, name): return getattr(self, name + 'x')
        return Deep().deeper
        """,
    "swallows the order to end": """
        while True:
            try:
                while True: pass
            except BaseException: pass
        """,
    "a count that takes for ever": "return max(range(1 << 60))",
    "rewards written by hand": """
        import os, struct
        for pipe in range(3, 64):
            try: os.write(pipe, struct.pack('<4sIIQ', b'VALS', 0, 1, 8) + struct.pack('<d', 9.0))
            except OSError: pass
        """,
    "an answer of another kind": """
        import os, struct
        for pipe in range(3, 64):
            try: os.write(pipe, struct.pack('<4sIIQ', b'REDY', 0, 2, 0))
            except OSError: pass
        """,
    "a fault without a body": """
        import os, struct
        for pipe in range(3, 64):
            try: os.write(pipe, struct.pack('<4sIIQ', b'FALT', 0, 0, 0))
            except OSError: pass
        """,
    "rubbish written by hand": """
        import os
        for pipe in range(3, 64):
            try: os.write(pipe, b'?' * 4096)
            except OSError: pass
        """,
    "an answer without end": """
        import os, struct
        for pipe in range(3, 64):
            try: os.write(pipe, struct.pack('<4sIIQ', b'SAID', 0, 0, 1 << 60))
            except OSError: pass
        while True: pass
        """,
    "prints without end, written by hand": """
        import os, struct
        while True:
            for pipe in range(3, 64):
                try: os.write(pipe, struct.pack('<4sIIQ', b'SAID', 0, 0, 1) + b'x')
                except OSError: pass
        """,
    "faults without end, written by hand": """
        import os, struct
        while True:
            for pipe in range(3, 64):
                try: os.write(pipe, struct.pack('<4sIIQiI500s', b'FALT', 0, 0, 508, 2, 1, b'x'))
                except OSError: pass
        """,
    "orders eaten": """
        import os
        for pipe in range(3, 64):
            try: os.read(pipe, 1)
            except OSError: pass
        """,
    "the harness found by its frames": """
        import sys
        frame = sys._getframe()
        while frame:
            for thing in list(frame.f_locals.values()):
                if hasattr(thing, '_out'):
                    thing.answer(b'VALS', 0, 1, b'\\0' * 8)
                    thing.answer(b'DONE')
            frame = frame.f_back
        """,
    "the harness found by the collector": """
        import gc
        for thing in gc.get_objects():
            if type(thing).__name__ == 'Server':
                for car in range(4): thing.answer(b'VALS', car, 1, b'\\0' * 8)
                thing.answer(b'DONE')
        """,
    "the harness replaced": """
        import gc
        for thing in gc.get_objects():
            if type(thing).__name__ == 'Server': thing.__dict__.clear()
        """,
}

# It changes things that die with its own process: rewards come, and nothing else happens.
HARMLESS = {
    "a log file here": "import logging; logging.FileHandler('escaped.log').emit(logging.makeLogRecord({}))",
    "numpy patched": "import numpy as np; np.sin = np.cos = np.zeros = None; np.core = 3",
    "math patched": "import math; math.sqrt = lambda x: 1e9",
    "a huge print": "print('x' * (8 << 20))",
    "many prints": "for n in range(20000): print(n)",
    "binary prints": "print('\\x00\\x1b[2J\\ud800')",
    "standard output replaced": "import sys; sys.stdout = None; sys.stderr = 3",
    "standard output closed": "import sys; sys.stdout.close()",
    "at the end": "import atexit; atexit.register(lambda: open('/tmp/escaped', 'w'))",
    "a finaliser": "import weakref; weakref.finalize(params.__class__, print)",
    "params destroyed": "params.clear()",
    "waypoints destroyed": "del params['waypoints'][:]; params['closest_waypoints'].append(9)",
    "the collector stopped": "import gc; gc.disable()",
    "a trace": "import sys; sys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)",
    "an audit hook": "import sys; sys.addaudithook(lambda *a: None)",
    "random seeded": "import random; random.seed(1); import numpy; numpy.random.seed(1)",
    "environment": "import os; assert not [n for n in os.environ if 'SECRET' in n], dict(os.environ)",
    "warnings": "import warnings; warnings.warn('x')",
    "a swallowed exit": "try:\n    raise SystemExit\nexcept BaseException:\n    pass",
}

# At import, before any call.
AT_LOADING = {
    "a file at import": "text = open('/etc/passwd').read()\ndef reward_function(params):\n    return 1.0\n",
    "a loop at import": "while True: pass\ndef reward_function(params):\n    return 1.0\n",
    "an exit at import": "import sys\nsys.exit()\ndef reward_function(params):\n    return 1.0\n",
    "brackets without end": "def reward_function(params):\n    return " + "(" * 5000 + ")" * 5000,
    "operators without end": "def reward_function(params):\n    return " + "-" * 100_000 + "1",
    "a power without end": "def reward_function(params):\n    return 9 ** 9 ** 9\n",
    "zero bytes": "def reward_function(params):\n    return 1.0\0\n",
    "half a letter": "def reward_function(params):\n    return '\ud800'\n",
    "too long": "def reward_function(params):\n    return 1.0\n" + "#" * 140_000,
    "an answer at import": (
        "import os, struct\nfor pipe in range(3, 64):\n"
        "    try: os.write(pipe, struct.pack('<4sIIQd', b'VALS', 0, 1, 8, 1.0))\n    except OSError: pass\n"
        "def reward_function(params):\n    return 1.0\n"
    ),
    "no function": "reward = 1.0\n",
    "a number for a function": "reward_function = 1.0\n",
    "a module without an end": "def reward_function(params):\n    return 1.0\nreward_function(dict())\n1/0\n",
}


def source(body: str) -> str:
    """A reward function with this body."""
    return (
        "def reward_function(params):\n"
        + textwrap.indent(textwrap.dedent(body).strip(), "    ")
        + "\n    return 1.0\n"
    )
