"""The denoisers: networks, their files, and the bundle that generates."""
