"""Live: regenerate the motion around every change, while it is switched on."""
