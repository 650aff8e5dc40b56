"""The test suites as parts that build.py runs and reports on."""
