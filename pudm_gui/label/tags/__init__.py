"""Tags: which kind of sensitive image this is; for one image, for a selection, and by number keys."""
