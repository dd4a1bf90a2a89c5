#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The expected values of tests/model, computed without the code under test: 50 decimal digits, from the equations as
the paper prints them. Writes golden.h (for the unit tests) and figures.csv (figures 4 to 9: figure,series,t,p) beside
itself; with --check it only says whether they are what it would write (exit status 1 when not)."""
import sys
from decimal import Decimal as D, getcontext
from pathlib import Path

getcontext().prec = 50
PI = D("3.14159265358979323846264338327950288419716939937510")
HERE = Path(__file__).parent
HORIZON = 100


def visited(t):
    return PI * t / D(t).ln()


def undetected(s, td):
    return (1 - (-D(td)).exp()) * s


def static(n, v, s):
    return (-D(n) / D(v) * s).exp()


def mobile(n, v, s):
    """Equation 2 as printed: the logarithm of the static survival, times (N / V) squared."""
    return ((D(n) / D(v)) ** 2 * static(n, v, s).ln()).exp()


def exponential(n0, k, t, v):
    return min(D(n0) * (D(k) * D(t)).exp(), D(v))


def logistic(n0, k, mu, t, v):
    grown = D(n0) * (D(k) * D(t)).exp()
    return min(D(mu) * grown / (grown + D(mu) - D(n0)), D(v))


# Placement: the cluster of test_place.c, name -> zone, region, kernel, CPU model, runtime, hacked.
WEIGHTS = [D("0.3"), D("0.2"), D("0.2"), D("0.15"), D("0.15")]
NODES = {
    "a": ("z1", "r1", "k1", "c1", "t1", True),
    "b": ("z1", "r1", "k1", "c1", "t1", False),
    "c": ("z2", "r1", "k2", "c1", "t1", False),
    "d": ("z3", "r2", "k2", "c2", "t2", False),
}


def distance(a, b):
    return sum(w for w, x, y in zip(WEIGHTS, a, b) if x != y)


def density(at):
    near = {n: 1 - D("0.8") * distance(NODES[at], NODES[n]) for n in NODES}
    return sum(near[n] for n in NODES if NODES[n][5]) / sum(near.values())


def splitmix64(seed):
    mask = (1 << 64) - 1
    z = (seed + 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


def fnv1a(name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 & ((1 << 64) - 1)
    return h


def drawn(share, seed):
    """Each node draws for itself (Gumbel); the highest is chosen, each as often as its share says."""
    def score(n):
        u = (D(splitmix64(seed ^ fnv1a(n)) >> 11) + D("0.5")) / 2**53
        return share[n].ln() - (-u.ln()).ln()
    return max(share, key=score)


def place(source, td, heterogeneity, seeds):
    s = undetected(visited(HORIZON), td)
    rows = {}
    for n in sorted(NODES):
        if n != source and not NODES[n][5]:
            p, far = static(density(n), 1, s), distance(NODES[source], NODES[n])
            rows[n] = [density(n), p, far, p * (1 + D(heterogeneity) * far)]
    total = sum(r[3] for r in rows.values())
    for r in rows.values():
        r[3] /= total
    share = {n: r[3] for n, r in rows.items()}
    return rows, "".join(drawn(share, seed) for seed in seeds)


def torus_next(width, height):
    def at(x, y):
        return y % height * width + x % width
    return [[at(i % width + dx, i // width + dy) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))]
            for i in range(width * height)]


def immobile(width, height, predators, steps):
    """Exact survival of a prey on site 0 among independent walkers that start anywhere else, after each step."""
    after, n = torus_next(width, height), width * height
    p, alive = [D(0)] + [D(1) / (n - 1)] * (n - 1), []
    for _ in range(steps):
        q = [D(0)] * n
        for site, mass in enumerate(p):
            for to in after[site]:
                q[to] += mass / 4
        q[0] = D(0)
        p = q
        alive.append(sum(p) ** predators)
    return alive


def distinct(steps):
    """Mean number of sites that a walk on an endless lattice has seen after 0, 1, ... steps: exact, by counting walks.
    A walk's last site is new when the walk, read backwards, never returns to where it begins."""
    walks, totals = {(0, 0): 1}, [D(1)]
    for k in range(1, steps + 1):
        after = {}
        for (x, y), n in walks.items():
            for at in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
                after[at] = after.get(at, 0) + n
        after.pop((0, 0), None)
        walks = after
        totals.append(totals[-1] + D(sum(walks.values())) / D(4) ** k)
    return totals


def num(x):
    """Correctly rounded to a double, and short where it can be."""
    return repr(float(x))


TDS = ["0", "0.2", "0.5", "1", "10"]
HACKED = [1, 2, 3, 4, 5, 7]


def figures():
    """(figure, series, t, p). The parameters the paper leaves open are those of docs/model.md."""
    kinds = (("static", static), ("mobile", mobile))
    for t in range(2, HORIZON + 1):
        s = visited(t)
        for kind, p in kinds:
            for n in HACKED:
                yield 4, f"{kind} N={n}", t, p(n, 20, s)
            for k in (1, 2, 3, 4):
                yield 7, f"{kind} k={k}", t, p(logistic(1, k, 4, t, 20), 20, s)
        for td in TDS:
            yield 5, f"mobile td={td}", t, mobile(7, 20, undetected(s, td))
            yield 6, f"static td={td}", t, static(7, 20, undetected(s, td))
            yield 8, f"mobile td={td}", t, mobile(logistic(4, 4, 4, t, 20), 20, undetected(s, td))
        for v in (20, 30, 40, 50):
            yield 9, f"mobile V={v}", t, mobile(7, v, s)


def figures_csv():
    rows = sorted(figures(), key=lambda r: r[0])
    return "figure,series,t,p\n" + "".join(f"{f},{name},{t},{num(p)}\n" for f, name, t, p in rows)


def table(name, columns, rows):
    lines = "".join("\t{" + ", ".join(num(c) for c in r) + "},\n" for r in rows)
    return f"/* {', '.join(columns)} */\nstatic const double {name}[][{len(columns)}] = {{\n{lines}}};\n"


def header():
    s100 = visited(HORIZON)
    rows, chosen = place("a", "0.5", 2, range(24))
    exponentials = [(1, 1, "0.5", 20), (1, 2, 1, 20), (3, 1, "1.5", 20), (1, 4, 1, 20)]
    logistics = [(1, 1, 4, "0.5", 20), (1, 2, 3, 1, 20), (4, 4, 4, 10, 20), (1, 1, 4, 2, 20), (3, 1, 2, 1, 20),
                 (1, 1, 30, 6, 20)]
    sites = distinct(60)
    parts = [
        "/* SPDX-License-Identifier: Apache-2.0 */\n/* Written by golden.py. */\n#ifndef GOLDEN_H\n#define GOLDEN_H\n",
        table("GOLDEN_VISITED", ("t", "S"), [(t, visited(D(t))) for t in ("1.5", "2", "10", "100", "1e6")]),
        table("GOLDEN_UNDETECTED", ("td", "S_success at t = 100"), [(D(td), undetected(s100, td)) for td in TDS]),
        table("GOLDEN_SURVIVAL", ("N", "V", "td", "P_static", "P_mobile; all at t = 100"),
              [(D(n), D(v), D(td), static(n, v, undetected(s100, td)), mobile(n, v, undetected(s100, td)))
               for v in (20, 30, 40, 50) for n in HACKED for td in TDS]),
        table("GOLDEN_EXPONENTIAL", ("N0", "k", "t", "V", "N"),
              [[D(x) for x in a] + [exponential(*a)] for a in exponentials]),
        table("GOLDEN_LOGISTIC", ("N0", "k", "mu", "t", "V", "N"),
              [[D(x) for x in a] + [logistic(*a)] for a in logistics]),
        table("GOLDEN_DISTINCT", ("steps", "sites"), [(n, sites[n]) for n in (0, 1, 2, 5, 10, 20, 60)]),
        table("GOLDEN_IMMOBILE", ("width", "height", "predators", "step", "alive"),
              [(w, h, n, t, immobile(w, h, n, t)[-1]) for w, h, n in ((5, 4, 1), (5, 4, 7), (6, 6, 3))
               for t in (1, 5, 20, 60)]),
        table("GOLDEN_PLACE", ("density", "survival", "distance", "share; of b, c and d"), rows.values()),
        f'/* For the seeds 0, 1, ... */\nstatic const char GOLDEN_CHOSEN[] = "{chosen}";\n',
        "#endif\n",
    ]
    return "\n".join(parts)


def main():
    wanted = {"golden.h": header(), "figures.csv": figures_csv()}
    for name, text in wanted.items():
        path = HERE / name
        if "--check" not in sys.argv[1:]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"{path} is not what golden.py computes: run it without --check")


main()
