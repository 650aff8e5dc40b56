"""Files that may be hostile: pickles are read without running anything in them."""
