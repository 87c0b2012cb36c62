"""The map of all images: like ones lie near each other."""
