"""Finding more sensitive images: features, suggestions, similar images, near duplicates and kinds without a label."""
