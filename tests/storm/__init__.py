"""Load and crash tests of paid runs, judged by the ledger of a loopback service.

    python -m tests.storm --runs 1000 --kills 100 --kernels 8 --identical 5 --seed 1 --json
    python -m tests.storm failpoints | faults | contention | rate | expiry | soak   [--json]

Everything stays on 127.0.0.1, is bounded in time and ends by itself.
"""
