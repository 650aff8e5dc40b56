"""The words of a character's speech: their times in the sound, and their frames in the scene."""
