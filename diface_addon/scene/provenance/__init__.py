"""What DiFACE stores with its Actions: requests, baselines, layers and rest poses."""
