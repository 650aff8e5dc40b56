"""Parts and details of the face: eyes, lids, lips, teeth, tongue, brows and hairline."""
