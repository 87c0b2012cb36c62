"""How to draw from an exported folder with diffusers, as its card shows it."""

from __future__ import annotations

from training.families import DiffusionModel
from training.plain import NULL_CLASS, guidance_of

LOAD = """from diffusers import DiffusionPipeline

pipeline = DiffusionPipeline.from_pretrained("this-folder", use_safetensors=True)
"""
BY_CLASS_ON_PIXELS = """import torch

images = torch.randn(1, {channels}, {size}, {size})
classes = torch.tensor([0])
pipeline.scheduler.set_timesteps(50)
with torch.no_grad():
    for step in pipeline.scheduler.timesteps:
        noise = pipeline.unet(images, step, class_labels=classes).sample[:, :{channels}]
        images = pipeline.scheduler.step(noise, step, images).prev_sample
"""


def usage(model: DiffusionModel, *, lora: bool, base: str | None) -> str:
    """The section's Markdown.

    Parameters
    ----------
    lora
        A LoRA file lies beside the merged weights.
    base
        Name of the model that its adapters belong to.
    """
    pipeline = type(model.pipeline).__name__
    on_pixels = pipeline in ("DDPMPipeline", "DDIMPipeline")
    if model.conditioning == "class" and on_pixels:
        draw = BY_CLASS_ON_PIXELS.format(channels=model.channels, size=model.image_size)
        note = f"It is a `{pipeline}`, which cannot be given a class, so network and scheduler are used alone."
    elif model.conditioning == "class":
        draw = f"image = pipeline(class_labels=[0], guidance_scale={guidance_of(model):g}).images[0]\n"
        note = f"It is a `{pipeline}`."
        if model.null_condition != NULL_CLASS:
            note += (
                f" diffusers guides by its class {NULL_CLASS}; this model's class for guidance is "
                f"{model.null_condition}, so leave guidance out there."
            )
    elif model.conditioning == "caption":
        draw, note = 'image = pipeline("what to draw").images[0]\n', f"It is a `{pipeline}`."
        if "safety_checker" in model.pipeline.components:
            note += " A safety checker, which looks at finished images, is not included."
    else:
        draw, note = "image = pipeline().images[0]\n", f"It is a `{pipeline}`."
    text = f"```python\n{LOAD}{draw}```\n\n{note} Its noise schedule is that of its training."
    if lora:
        text += (
            f"\n\nOr load the adapters alone on the model that they were trained on, `{base}`, with "
            '`pipeline.load_lora_weights("this-folder")`.'
        )
    return text
