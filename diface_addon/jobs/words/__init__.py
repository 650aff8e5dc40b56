"""Work on words: aligning a transcript, edits of a word, and moving the face to changed times."""
