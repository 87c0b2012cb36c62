"""The grid of thumbnails: what is shown (model), where (geometry), which are chosen (selection), and how (view)."""
