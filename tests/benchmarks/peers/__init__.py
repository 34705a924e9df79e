"""What people chain today, each as they would write it; run in an environment of its own by
`python -m tests.benchmarks.whole`. Nothing of the toolkit is imported here."""
