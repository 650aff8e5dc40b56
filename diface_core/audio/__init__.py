"""Audio files to waveforms, loudness and speech features."""
