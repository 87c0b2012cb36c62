"""Numbers that describe images: of pixels, of a diffusion network's middle, or of Inception from a local file."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import interpolate

from training.device import pick_device
from training.errors import UserError, first_line
from training.families import DiffusionModel
from training.sampling import images_at_once, seeded_noise, to_network
from training.spec import RunSpec
from training.start import starting_model

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


def network_features(model: DiffusionModel, device: torch.device, batch_size: int | None = None) -> FeatureExtractor:
    """What the middle block of a diffusion network sees in slightly noisy images, averaged over positions.

    The same noise is added to every image, so equal images have equal features. A conditional network looks at all of
    them without a condition, or, where it knows no such thing, as of its first class.
    """
    network = model.denoiser.to(device).eval()
    positions = [round(share * (model.process.length - 1)) for share in NOISE_LEVELS]
    noise = seeded_noise([0], model.latent_shape).to(device)
    condition = [] if model.conditioning == "none" else [0 if model.null_condition is None else model.null_condition]
    embedded = model.embed(condition, device)
    rows_at_once = batch_size or images_at_once(model)

    @torch.inference_mode()
    def extract(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        seen: list[Tensor] = []
        hook = middle(network).register_forward_hook(lambda _, __, output: seen.append(_over_positions(output)))
        rows = []
        try:
            for start in range(0, len(images), rows_at_once):
                pixels = to_network(torch.from_numpy(np.array(images[start : start + rows_at_once])).to(device))
                encoded = model.encode(pixels)
                clean = model.latents(encoded, torch.zeros_like(noise.expand(len(pixels), -1, -1, -1)))
                conditions = {name: value.expand(len(clean), *value.shape[1:]) for name, value in embedded.items()}
                for position in positions:
                    where = torch.full((len(clean),), position, device=device)
                    noisy, timesteps, _ = model.process.noised(clean, noise.expand_as(clean), where)
                    model.predict(network, noisy, timesteps, conditions)
                rows.append(torch.cat(seen, 1).cpu())
                seen.clear()
        finally:
            hook.remove()
        return torch.cat(rows).double().numpy()

    # How wide the middle is, no configuration says in the same way for all networks.
    dimension = extract(np.zeros((1, model.channels, model.image_size, model.image_size), np.uint8)).shape[1]
    return FeatureExtractor(f"the middle of the diffusion network ({dimension:,} numbers)", dimension, extract)


def middle(network: nn.Module) -> nn.Module:
    """The layer half-way through a U-Net or a transformer."""
    blocks = getattr(network, "transformer_blocks", None)
    if isinstance(blocks, nn.ModuleList):
        return blocks[len(blocks) // 2]
    return network.mid_block if network.mid_block is not None else network.down_blocks[-1]  # type: ignore[return-value]


def _over_positions(output: Any) -> Tensor:
    """``(B, C)`` float32 from ``(B, C, H, W)`` of a U-Net or ``(B, tokens, C)`` of a transformer."""
    values = output if isinstance(output, Tensor) else output[-1]  # of captions and image, the image comes last
    return values.float().mean((2, 3) if values.dim() == 4 else 1)


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
            f"{file} is not the Inception network of FID (inception-2015-12-05.pt): {first_line(error)}; "
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
