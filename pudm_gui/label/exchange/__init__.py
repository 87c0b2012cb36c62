"""Importing labels with a preview, and exporting them, in the place of the grid."""
