"""Settings of a dialogue: who speaks which sound strip, and what the others do meanwhile."""
