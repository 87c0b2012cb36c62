"""Perceptual hashes: copies of an image share most bits, other images do not."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageEnhance

from training.perceptual_hash import perceptual_hashes, small_grey


def picture(seed: int) -> Image.Image:
    """Blurred noise, as smooth as a photo."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), np.uint8)
    return Image.fromarray(coarse).resize((240, 180), Image.Resampling.BICUBIC)


def distance(first: Image.Image, second: Image.Image) -> int:
    """Bits in which the two differ."""
    one, other = perceptual_hashes(np.stack([small_grey(first), small_grey(second)]))
    return int(one ^ other).bit_count()


def test_copies_are_near() -> None:
    image = picture(0)
    content = io.BytesIO()
    image.save(content, "JPEG", quality=40)
    assert distance(image, image) == 0
    assert distance(image, image.resize((80, 60), Image.Resampling.LANCZOS)) <= 4
    assert distance(image, Image.open(content)) <= 4
    assert distance(image, ImageEnhance.Brightness(image).enhance(0.8)) <= 4


def test_other_images_are_far() -> None:
    distances = [distance(picture(0), picture(seed)) for seed in range(1, 20)]
    assert min(distances) > 12


def test_is_the_hash_that_other_programs_compute() -> None:
    # ImageHash 4.3.2: str(imagehash.phash(picture(0)))
    assert f"{int(perceptual_hashes(small_grey(picture(0))[None])[0]):016x}" == "c0a7ecd64252ecba"


def test_a_flat_image_has_a_hash() -> None:
    assert distance(Image.new("RGB", (50, 50), "white"), Image.new("L", (10, 90), 255)) == 0
