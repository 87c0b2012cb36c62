"""Finding images: the bar above the grid, its conditions as chips, as a form and as text, and saved views."""
