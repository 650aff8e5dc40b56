"""The viseme model: motion from phones with exact times."""
