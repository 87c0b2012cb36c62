"""The PU-DM engine: fine-tune or train a diffusion model on positive-unlabeled images.

Importing this package is cheap: nothing here loads torch. `training.spec`, `training.runs`, `training.events`,
`training.manifest`, `training.report`, `training.images` and `training.errors` never do either, so a desktop
process can create, follow and read runs while the numerical work happens in a process of its own
(``python -m training``).
"""

__version__ = "0.1.0"
