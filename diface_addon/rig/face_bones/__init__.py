"""Bones that move lips, brows, cheeks and nose: how they are found, and how far channels shift them."""
