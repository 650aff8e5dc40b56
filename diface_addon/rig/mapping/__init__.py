"""How the channels of a motion reach the properties of a character: values, and back."""
