"""The application: a window in which a curator labels, trains, reviews and exports."""
