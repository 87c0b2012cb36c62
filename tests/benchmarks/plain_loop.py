"""A training loop as research code has it: correct, and written without a thought to speed."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from training.manifest import Label, ManifestEntry
from training.networks import build_model
from training.spec import RunSpec

IMAGES: dict[Label, int] = {"unlabeled": 2000, "sensitive": 200}


def write_images(folder: Path, size: int) -> list[ManifestEntry]:
    """PNG files of coloured blobs, about as large as those of photographs of that size."""
    rng, entries = np.random.default_rng(0), []
    folder.mkdir()
    for label, count in IMAGES.items():
        for index in range(count):
            coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8)).resize(
                (size, size), Image.Resampling.BICUBIC
            )
            pixels = np.asarray(coarse) + rng.normal(0, 4, (size, size, 3))
            name = f"{label}-{index:04}.png"
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / name)
            entries.append(ManifestEntry("1", name, label, ""))
    return entries


class ImageFiles(Dataset[Tensor]):
    """Opens and transforms each file when it is asked for."""

    def __init__(self, files: Sequence[Path], size: int) -> None:
        self.files = files
        self.transform = transforms.Compose(
            [
                transforms.Resize(size),
                transforms.CenterCrop(size),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize([0.5], [0.5]),
            ]
        )

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Tensor:
        return self.transform(Image.open(self.files[index]).convert("RGB"))


class PlainLoop:
    """Unlabeled and sensitive images by a DataLoader and a forward pass each; float32, or on a GPU float16 with loss
    scaling; default AdamW and memory layout; an average tensor by tensor; the loss fetched at every step.

    Parameters
    ----------
    workers
        Processes that read, for each of the two DataLoaders.
    """

    def __init__(self, spec: RunSpec, entries: Sequence[ManifestEntry], device: torch.device, workers: int) -> None:
        self.spec, self.device = spec, device
        model = build_model(spec)
        self.unet = model.denoiser.to(device).train()
        self.scheduler = model.pipeline.scheduler
        self.optimizer = torch.optim.AdamW(
            self.unet.parameters(), lr=spec.optim.learning_rate, weight_decay=spec.optim.weight_decay
        )
        self.scaler = torch.amp.GradScaler(device.type, enabled=device.type == "cuda")
        self.average = copy.deepcopy(self.unet).eval()
        sizes = {"unlabeled": spec.optim.batch_size - spec.labeled_batch_size, "sensitive": spec.labeled_batch_size}
        self.batches = {
            label: self._endless(
                ImageFiles([e.file(spec.data.roots) for e in entries if e.label == label], spec.data.image_size),
                size,
                workers,
            )
            for label, size in sizes.items()
        }

    def _endless(self, images: ImageFiles, batch_size: int, workers: int) -> Iterator[Tensor]:
        loader = DataLoader(
            images,
            batch_size,
            shuffle=True,
            drop_last=True,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=self.device.type == "cuda",
        )
        while True:
            yield from loader

    def losses(self, images: Tensor) -> Tensor:
        """The summed squared error of each image."""
        images = images.to(self.device)
        noise = torch.randn_like(images)
        timesteps = torch.randint(0, self.scheduler.config["num_train_timesteps"], (len(images),), device=self.device)
        noisy = self.scheduler.add_noise(images, noise, timesteps)
        with torch.autocast(self.device.type, torch.float16, enabled=self.device.type == "cuda"):
            prediction = self.unet(noisy, timesteps).sample
        return (prediction.float() - noise).square().sum((1, 2, 3))

    def step(self) -> float:
        l_u = self.losses(next(self.batches["unlabeled"])).mean()
        l_s = self.losses(next(self.batches["sensitive"])).mean()
        loss = (l_u - self.spec.objective.beta * l_s).abs()
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.unet.parameters(), self.spec.optim.grad_clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        with torch.no_grad():
            for average, parameter in zip(self.average.parameters(), self.unet.parameters(), strict=True):
                average.mul_(self.spec.optim.ema_decay).add_(parameter, alpha=1 - self.spec.optim.ema_decay)
        return loss.item()
