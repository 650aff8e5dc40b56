"""Export the motion of the character, and render it."""
