"""The panel "History": what was done, by whom and when, and taking single entries back."""
