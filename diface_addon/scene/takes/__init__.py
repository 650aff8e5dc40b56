"""Takes: writing, listing, using, copying and deleting them."""
