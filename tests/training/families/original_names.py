"""Tiny diffusers parts under the names that single-file checkpoints give their weights: the inverse of a conversion.

For networks of two levels with one resnet each, as in `tiny_pipelines`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

Rules = Iterable[tuple[str, str]]

UNET: Rules = (
    (r"^time_embedding\.linear_1", "time_embed.0"),
    (r"^time_embedding\.linear_2", "time_embed.2"),
    (r"^add_embedding\.linear_1", "label_emb.0.0"),
    (r"^add_embedding\.linear_2", "label_emb.0.2"),
    (r"^conv_in", "input_blocks.0.0"),
    (r"^conv_norm_out", "out.0"),
    (r"^conv_out", "out.2"),
    (r"^down_blocks\.0\.resnets\.0", "input_blocks.1.0"),
    (r"^down_blocks\.0\.attentions\.0", "input_blocks.1.1"),
    (r"^down_blocks\.0\.downsamplers\.0\.conv", "input_blocks.2.0.op"),
    (r"^down_blocks\.1\.resnets\.0", "input_blocks.3.0"),
    (r"^mid_block\.resnets\.0", "middle_block.0"),
    (r"^mid_block\.attentions\.0", "middle_block.1"),
    (r"^mid_block\.resnets\.1", "middle_block.2"),
    (r"^up_blocks\.0\.resnets\.(\d)", r"output_blocks.\1.0"),
    (r"^up_blocks\.0\.upsamplers\.0\.conv", "output_blocks.1.1.conv"),
    (r"^up_blocks\.1\.resnets\.0", "output_blocks.2.0"),
    (r"^up_blocks\.1\.resnets\.1", "output_blocks.3.0"),
    (r"^up_blocks\.1\.attentions\.0", "output_blocks.2.1"),
    (r"^up_blocks\.1\.attentions\.1", "output_blocks.3.1"),
    (r"(_blocks\.\d\.0|middle_block\.[02])\.norm1", r"\1.in_layers.0"),
    (r"(_blocks\.\d\.0|middle_block\.[02])\.conv1", r"\1.in_layers.2"),
    (r"(_blocks\.\d\.0|middle_block\.[02])\.norm2", r"\1.out_layers.0"),
    (r"(_blocks\.\d\.0|middle_block\.[02])\.conv2", r"\1.out_layers.3"),
    (r"time_emb_proj", "emb_layers.1"),
    (r"conv_shortcut", "skip_connection"),
)
VAE: Rules = (
    (r"conv_norm_out", "norm_out"),
    (r"conv_shortcut", "nin_shortcut"),
    (r"down_blocks\.(\d)\.resnets", r"down.\1.block"),
    (r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample"),
    (r"up_blocks\.0\.resnets", "up.1.block"),
    (r"up_blocks\.1\.resnets", "up.0.block"),
    (r"up_blocks\.0\.upsamplers\.0", "up.1.upsample"),
    (r"mid_block\.resnets\.0", "mid.block_1"),
    (r"mid_block\.resnets\.1", "mid.block_2"),
    (r"mid_block\.attentions\.0\.group_norm", "mid.attn_1.norm"),
    (r"mid_block\.attentions\.0\.to_out\.0", "mid.attn_1.proj_out"),
    (r"mid_block\.attentions\.0\.to_([qkv])", r"mid.attn_1.\1"),
)
OPEN_CLIP: Rules = (
    (r"^text_model\.embeddings\.position_embedding\.weight", "positional_embedding"),
    (r"^text_model\.embeddings\.token_embedding", "token_embedding"),
    (r"^text_model\.final_layer_norm", "ln_final"),
    (r"^text_projection\.weight", "text_projection"),
    (r"^text_model\.encoder\.layers", "transformer.resblocks"),
    (r"layer_norm([12])", r"ln_\1"),
    (r"mlp\.fc1", "mlp.c_fc"),
    (r"mlp\.fc2", "mlp.c_proj"),
    (r"self_attn", "attn"),
)
SD3: Rules = (
    (r"^pos_embed\.proj", "x_embedder.proj"),
    (r"^pos_embed\.pos_embed", "pos_embed"),
    (r"^time_text_embed\.timestep_embedder\.linear_1", "t_embedder.mlp.0"),
    (r"^time_text_embed\.timestep_embedder\.linear_2", "t_embedder.mlp.2"),
    (r"^time_text_embed\.text_embedder\.linear_1", "y_embedder.mlp.0"),
    (r"^time_text_embed\.text_embedder\.linear_2", "y_embedder.mlp.2"),
    (r"^transformer_blocks\.(\d)\.", r"joint_blocks.\1."),
    (r"(joint_blocks\.\d)\.(attn\.to_[qkv])", r"\1.x_block.\2"),
    (r"(joint_blocks\.\d)\.attn\.add_([qkv])_proj", r"\1.context_block.attn.to_\2"),
    (r"(joint_blocks\.\d)\.attn\.to_out\.0", r"\1.x_block.attn.proj"),
    (r"(joint_blocks\.\d)\.attn\.to_add_out", r"\1.context_block.attn.proj"),
    (r"(joint_blocks\.\d)\.norm1\.linear", r"\1.x_block.adaLN_modulation.1"),
    (r"(joint_blocks\.\d)\.norm1_context\.linear", r"\1.context_block.adaLN_modulation.1"),
    (r"(joint_blocks\.\d)\.ff\.net\.0\.proj", r"\1.x_block.mlp.fc1"),
    (r"(joint_blocks\.\d)\.ff\.net\.2", r"\1.x_block.mlp.fc2"),
    (r"(joint_blocks\.\d)\.ff_context\.net\.0\.proj", r"\1.context_block.mlp.fc1"),
    (r"(joint_blocks\.\d)\.ff_context\.net\.2", r"\1.context_block.mlp.fc2"),
    (r"^norm_out\.linear", "final_layer.adaLN_modulation.1"),
    (r"^proj_out", "final_layer.linear"),
)


def stable_diffusion_file(pipeline: Any, open_clip: bool = False) -> dict[str, Tensor]:
    """The weights of a Stable Diffusion 1.x, or with `open_clip` 2.x, pipeline as one file has them."""
    encoder = "cond_stage_model.model." if open_clip else "cond_stage_model.transformer."
    text = _open_clip(pipeline.text_encoder) if open_clip else _clip(pipeline.text_encoder)
    return _images(pipeline) | _prefixed(encoder, text)


def sdxl_file(pipeline: Any) -> dict[str, Tensor]:
    return (
        _images(pipeline)
        | _prefixed("conditioner.embedders.0.transformer.", _clip(pipeline.text_encoder))
        | _prefixed("conditioner.embedders.1.model.", _open_clip(pipeline.text_encoder_2))
    )


def sd3_file(pipeline: Any) -> dict[str, Tensor]:
    """With T5 where the pipeline has it. A CLIP-L of the original has no projection: the identity stands for it."""
    network = _renamed(pipeline.transformer, SD3)
    for name in [name for name in network if ".attn.to_q." in name]:
        parts = [network.pop(name.replace("to_q", part)) for part in ("to_q", "to_k", "to_v")]
        network[name.replace("to_q", "qkv")] = torch.cat(parts)
    for name in [name for name in network if re.match(r"joint_blocks.1.context_block.*adaLN|final.*adaLN", name)]:
        scale, shift = network[name].chunk(2)
        network[name] = torch.cat([shift, scale])  # the original has the shift first
    t5 = pipeline.text_encoder_3.state_dict() if pipeline.text_encoder_3 is not None else {}
    t5.pop("encoder.embed_tokens.weight", None)  # the same as shared.weight
    return (
        _prefixed("model.diffusion_model.", network)
        | _vae(pipeline.vae)
        | _prefixed("text_encoders.clip_l.transformer.", _clip(pipeline.text_encoder))
        | _prefixed("text_encoders.clip_g.transformer.", _clip(pipeline.text_encoder_2))
        | _prefixed("text_encoders.t5xxl.transformer.", t5)
    )


def _images(pipeline: Any) -> dict[str, Tensor]:
    return _prefixed("model.diffusion_model.", _renamed(pipeline.unet, UNET)) | _vae(pipeline.vae)


def _vae(part: nn.Module) -> dict[str, Tensor]:
    vae = _renamed(part, VAE)
    for name, weight in vae.items():
        if re.search(r"attn_1\.(q|k|v|proj_out)\.weight", name):
            vae[name] = weight[:, :, None, None]  # convolutions of 1 × 1 there
    return _prefixed("first_stage_model.", vae)


def _clip(encoder: nn.Module) -> dict[str, Tensor]:
    """Under the names of transformers before 5.6."""
    state = encoder.state_dict()
    return {name if name.startswith("text_") else f"text_model.{name}": weight for name, weight in state.items()}


def _open_clip(encoder: nn.Module) -> dict[str, Tensor]:
    """Where queries, keys and values are one matrix, and the projection is the other way round."""
    weights = _rename(_clip(encoder), OPEN_CLIP)
    for name in [name for name in weights if ".attn.q_proj." in name]:
        parts = [weights.pop(name.replace("q_proj", part)) for part in ("q_proj", "k_proj", "v_proj")]
        weights[name.replace(".q_proj.", ".in_proj_")] = torch.cat(parts)
    if "text_projection" in weights:
        weights["text_projection"] = weights["text_projection"].T
    return weights


def _renamed(part: nn.Module, rules: Rules) -> dict[str, Tensor]:
    return _rename(part.state_dict(), rules)


def _rename(weights: dict[str, Tensor], rules: Rules) -> dict[str, Tensor]:
    renamed = {}
    for name, weight in weights.items():
        for pattern, replacement in rules:
            name = re.sub(pattern, replacement, name)
        renamed[name] = weight
    return renamed


def _prefixed(prefix: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}{name}": weight.contiguous() for name, weight in weights.items()}
