"""Support for running the networks: devices, threads, sliding windows and progress."""
