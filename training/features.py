"""Numbers that describe images: of pixels, of a diffusion network's middle, or of Inception from a local file."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn.functional import interpolate

from training.device import pick_device
from training.errors import UserError
from training.pipelines import PixelModel
from training.sampling import to_network
from training.spec import RunSpec
from training.train import starting_model

INCEPTION_VARIABLE = "PUDM_INCEPTION"
"""Environment variable that names a local file of the FID Inception network (TorchScript); nothing is downloaded."""
CHUNK = 256
"""Images between two reports of progress."""
LARGEST_PIXELS = 32
"""Images are scaled down to this width before their pixels are taken as features."""
NOISE_LEVELS = (0.05, 0.15, 0.3)
"""Where in the schedule, as a share of it, a diffusion network looks at an image."""


@dataclass(frozen=True, slots=True)
class FeatureExtractor:
    """Turns ``(N, C, H, W)`` uint8 into ``(N, dimension)`` float64.

    Attributes
    ----------
    name
        For people, complete: "Inception (2,048 numbers, file fc8f39fa)".
    """

    name: str
    dimension: int
    extract: Callable[[NDArray[np.uint8]], NDArray[np.float64]]

    def __call__(
        self, images: NDArray[np.uint8], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[np.float64]:
        """`progress` is called with (images done, images in all) now and then."""
        rows = [np.empty((0, self.dimension))]
        for start in range(0, len(images), CHUNK):
            rows.append(self.extract(images[start : start + CHUNK]))
            if progress is not None:
                progress(min(start + CHUNK, len(images)), len(images))
        return np.concatenate(rows)


def pixel_features(image_size: int, channels: int) -> FeatureExtractor:
    """The pixels themselves in [-1, 1], of images scaled to 32 × 32 at most. Needs no network and no file."""
    size = min(image_size, LARGEST_PIXELS)

    def extract(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        floats = to_network(torch.from_numpy(np.array(images)))
        if size != image_size:
            floats = interpolate(floats, (size, size), mode="bilinear", antialias=True, align_corners=False)
        return floats.flatten(1).double().numpy()

    return FeatureExtractor(f"pixels ({size} × {size})", size * size * channels, extract)


def network_features(model: PixelModel, device: torch.device, batch_size: int = 128) -> FeatureExtractor:
    """What the middle block of a diffusion U-Net sees in slightly noisy images, averaged over positions.

    The same noise is added to every image, so equal images have equal features.
    """
    unet = model.unet.to(device).eval()
    length = model.scheduler.config["num_train_timesteps"]
    timesteps = [round(share * (length - 1)) for share in NOISE_LEVELS]
    width = unet.config["block_out_channels"][-1]
    shape = (1, model.channels, model.image_size, model.image_size)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device)

    @torch.inference_mode()
    def extract(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        seen: list[torch.Tensor] = []
        hook = unet.mid_block.register_forward_hook(lambda _, __, output: seen.append(output.mean((2, 3)).float()))
        rows = []
        try:
            for start in range(0, len(images), batch_size):
                clean = to_network(torch.from_numpy(np.array(images[start : start + batch_size])).to(device))
                for timestep in timesteps:
                    steps = torch.full((len(clean),), timestep, device=device)
                    unet(model.scheduler.add_noise(clean, noise.expand_as(clean), steps), steps)
                rows.append(torch.cat(seen, 1).cpu())
                seen.clear()
        finally:
            hook.remove()
        return torch.cat(rows).double().numpy()

    return FeatureExtractor(
        f"the middle of the diffusion network ({width * len(timesteps)} numbers)", width * len(timesteps), extract
    )


def inception_features(file: Path, device: torch.device, batch_size: int = 32) -> FeatureExtractor:
    """The FID Inception network's 2,048 numbers, with clean-fid's resizing.

    Raises
    ------
    UserError
        `file` is not there, or is not that network.
    """
    from cleanfid.inception_torchscript import InceptionV3W
    from cleanfid.resize import build_resizer

    if not file.is_file():
        raise UserError(f"{INCEPTION_VARIABLE} names {file}, which is not there; correct or unset it.")
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    try:
        with tempfile.TemporaryDirectory() as folder:  # clean-fid wants the file by its first name
            named = Path(folder, "inception-2015-12-05.pt")
            try:
                named.symlink_to(file.resolve())
            except OSError:  # Windows lets few users make links
                shutil.copyfile(file, named)
            network = InceptionV3W(folder, download=False).to(device).eval()
    except (RuntimeError, AttributeError, ValueError) as error:
        raise UserError(
            f"{file} is not the Inception network of FID (inception-2015-12-05.pt): {str(error).splitlines()[0]}; "
            f"correct or unset {INCEPTION_VARIABLE}."
        ) from error
    resize = build_resizer("clean")

    def resized(image: NDArray[np.uint8]) -> NDArray[np.float32]:
        rgb = np.asarray(Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0)).convert("RGB"))
        return resize(rgb).transpose(2, 0, 1)

    @torch.inference_mode()
    def extract(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        rows = []
        for start in range(0, len(images), batch_size):
            batch = np.stack([resized(image) for image in images[start : start + batch_size]])
            rows.append(network(torch.from_numpy(batch).to(device)).cpu())
        return torch.cat(rows).double().numpy()

    return FeatureExtractor(f"Inception (2,048 numbers, sha256 {digest})", 2048, extract)


def best_features(spec: RunSpec) -> FeatureExtractor:
    """The features that a run is judged by: Inception where the environment names a file of it, else the network that
    is fine-tuned, else pixels. `tests/benchmarks/README.md` has the figures behind this order.

    Raises
    ------
    UserError
        The file or the base model cannot be used.
    """
    device = pick_device(spec.device)
    inception = os.environ.get(INCEPTION_VARIABLE, "")
    if inception:
        return inception_features(Path(inception), device)
    if spec.model.source != "scratch":
        return network_features(starting_model(spec), device)
    return pixel_features(spec.data.image_size, spec.data.channels)
