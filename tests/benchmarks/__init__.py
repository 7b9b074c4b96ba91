"""Side-by-side measurements: `python -m tests.benchmarks [ROW…]`. No test asserts a time."""
