"""The commands of `pudm`, one module per group; none of them loads torch or Qt."""
