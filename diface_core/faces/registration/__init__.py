"""Registration of the bundled head to any humanoid head, and transfer of its shapes."""
