"""What to look at next: similar images, near duplicates, the likeliest sensitive ones, and kinds that were missed.

Pure functions on a `FeatureIndex`, which joins a project with the features that the engine has computed. numpy is all
they need; any thread may call them, and none keeps more than a few tens of megabytes at a million images.
"""
