"""What a character is made of, and how channels reach its parts."""
