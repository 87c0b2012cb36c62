"""The panel "People": who labels, how far they agree, and settling where they do not."""
