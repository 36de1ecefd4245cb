"""Jobs by name: each goes through another part of numpy."""

import sys

import numpy as np


def solve() -> str:
    matrix = np.array([[3.0, 1.0], [1.0, 2.0]])
    return str(np.linalg.solve(matrix, np.array([9.0, 8.0])).round(6).tolist())


def fourier() -> str:
    return str(np.abs(np.fft.fft(np.ones(8))).round(6).tolist())


def random() -> str:
    return str(np.random.default_rng(7).integers(0, 100, 3).shape)


def save() -> str:
    import io

    buffer = io.BytesIO()
    np.savez_compressed(buffer, a=np.arange(3))
    buffer.seek(0)
    return str(np.load(buffer)["a"].tolist())


JOBS = {job.__name__: job for job in (solve, fourier, random, save)}


def main() -> int:
    job = JOBS.get(sys.argv[1])
    if job is None:
        print(f"no such job: {sys.argv[1]}", file=sys.stderr)
        return 2
    print(f"{job.__name__}: {job()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
