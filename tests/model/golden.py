#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The expected values in test_model.c and test_place.c, computed without the code under test. Run it to see them."""
from math import exp, log, pi


def visited(t):
    return pi * t / log(t)


def undetected(s, td):
    return (1 - exp(-td)) * s


def static(n, v, s):
    return exp(-n / v * s)


def mobile(n, v, s):
    return static(n, v, s) ** ((n / v) ** 2)


def logistic(n0, k, mu, t):
    return mu * n0 * exp(k * t) / (n0 * exp(k * t) + mu - n0)


WEIGHTS = {"zone": 0.3, "region": 0.2, "kernel": 0.2, "cpu": 0.15, "runtime": 0.15}
# The cluster of test_place.c: name -> zone, region, kernel, CPU model, runtime, hacked.
NODES = {
    "a": ("z1", "r1", "k1", "c1", "t1", True),
    "b": ("z1", "r1", "k1", "c1", "t1", False),
    "c": ("z2", "r1", "k2", "c1", "t1", False),
    "d": ("z3", "r2", "k2", "c2", "t2", False),
}


def distance(a, b):
    return sum(w for w, x, y in zip(WEIGHTS.values(), a, b) if x != y)


def density(at):
    near = {n: 1 - 0.8 * distance(NODES[at], NODES[n]) for n in NODES}
    return sum(near[n] for n in NODES if NODES[n][5]) / sum(near.values())


def splitmix64(seed):
    mask = (1 << 64) - 1
    seed = (seed + 0x9E3779B97F4A7C15) & mask
    z = seed
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


def place(source, td, horizon, heterogeneity, seeds):
    s = undetected(visited(horizon), td)
    names = [n for n in sorted(NODES) if n != source and not NODES[n][5]]
    weight = {}
    for n in names:
        p = mobile(density(n), 1, s)
        weight[n] = p * (1 + heterogeneity * distance(NODES[source], NODES[n]))
        print(f"place {n}: density {density(n)!r} survival {p!r} distance {distance(NODES[source], NODES[n])!r}")
    total = sum(weight.values())
    print("shares", {n: weight[n] / total for n in names})
    chosen = ""
    for seed in seeds:
        u = (splitmix64(seed) >> 11) / 2**53
        for n in names:
            u -= weight[n] / total
            if u < 0:
                break
        chosen += n
    print("chosen", chosen)


for t in (2, 10, 100):
    print("visited", t, repr(visited(t)))
for td in (0.2, 0.5, 1, 10):
    print("undetected", td, repr(undetected(visited(100), td)))
for n, v in ((1, 20), (3, 20), (7, 20), (7, 50), (20, 20)):
    print("survival", n, v, repr(static(n, v, visited(100))), repr(mobile(n, v, visited(100))))
for td in (0.2, 10):
    s = undetected(visited(100), td)
    print("forecast 7 of 20", td, repr(static(7, 20, s)), repr(mobile(7, 20, s)))
for k, t in ((1, 0.5), (2, 1)):
    print("exponential", k, t, repr(exp(k * t)))
for args in ((1, 1, 4, 0.5), (1, 2, 3, 1), (4, 4, 4, 10), (1, 1, 4, 2), (3, 1, 2, 1)):
    print("logistic", args, repr(logistic(*args)))
place("a", 0.5, 100, 2, range(24))
