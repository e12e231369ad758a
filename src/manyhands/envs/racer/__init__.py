"""`racer-v0`: a small car on a closed road with boxes and slippery patches.

`tracks` is plain numpy and may be imported by the server; `car`, `sensors` and `rules` need JAX.
"""
