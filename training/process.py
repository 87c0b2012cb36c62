"""The noise process that a checkpoint was trained with: how x_t is made, and what its network predicts of it.

A process is deterministic given the noise. It knows neither the network nor the data.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from diffusers import DDIMScheduler, DDPMScheduler, FlowMatchEulerDiscreteScheduler, SchedulerMixin
from torch import Tensor

from training.errors import UserError

PREDICTIONS = ("epsilon", "v_prediction", "sample")


class Sampler(Protocol):
    """The part of a diffusers scheduler that steps back from noise to x₀."""

    timesteps: Tensor

    def step(self, model_output: Tensor, timestep: Tensor, sample: Tensor) -> Any: ...


class NoiseProcess(Protocol):
    """What the loop and the sampler ask of a noise process."""

    length: int
    """Number of noise levels; positions are 0 (least noise) to ``length - 1``."""

    def noised(self, x0: Tensor, noise: Tensor, positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x_t at each image's position, the timesteps as the network wants them, and what it should predict.

        Parameters
        ----------
        x0, noise
            ``(B, C, H, W)`` float32.
        positions
            ``(B,)`` int64.
        """
        ...

    def sampler(self, steps: int) -> Sampler:
        """A deterministic sampler of `steps` network evaluations."""
        ...


class DiscreteProcess:
    """Ho et al., 2020: x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε at t = 0 … T − 1, for networks that predict ε, v or x₀.

    Parameters
    ----------
    scheduler
        Any diffusers scheduler of this process, whatever it samples with: only its noise schedule and its prediction
        type count.

    Raises
    ------
    UserError
        The scheduler has no such schedule, or predicts something else.
    """

    def __init__(self, scheduler: SchedulerMixin) -> None:
        config = dict(scheduler.config)
        if "beta_schedule" not in config:
            raise UserError(
                f"The scheduler {type(scheduler).__name__} does not belong to this kind of network, which was trained "
                "with a discrete noise schedule; take the scheduler folder that came with the checkpoint."
            )
        self.prediction: Literal["epsilon", "v_prediction", "sample"] = config.get("prediction_type", "epsilon")
        if self.prediction not in PREDICTIONS:
            raise UserError(
                f"The network predicts {self.prediction}; only {', '.join(PREDICTIONS)} are supported: take another "
                "checkpoint."
            )
        # diffusers drops the values that it noted down as defaults, also where they are overwritten here.
        config.pop("_use_default_values", None)
        # Schedulers that clip say so; what DDPM and DDIM do by default, clipping, is wrong for latents.
        self._config = {"clip_sample": False, "thresholding": False, **config}
        self._noising = DDPMScheduler.from_config(self._config)
        self.length = int(self._noising.config["num_train_timesteps"])

    def noised(self, x0: Tensor, noise: Tensor, positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        noisy = self._noising.add_noise(x0, noise, positions)
        if self.prediction == "epsilon":
            target = noise
        elif self.prediction == "v_prediction":
            target = self._noising.get_velocity(x0, noise, positions)
        else:
            target = x0
        return noisy, positions, target

    def sampler(self, steps: int) -> DDIMScheduler:
        """DDIM (Song et al., 2021), η = 0, stepping back from the very last timestep."""
        sampler = DDIMScheduler.from_config(
            {**self._config, "timestep_spacing": "trailing", "set_alpha_to_one": True, "steps_offset": 0}
        )
        sampler.set_timesteps(min(steps, self.length))
        return sampler


class FlowMatchingProcess:
    """Lipman et al., 2023, in the form of Esser et al., 2024: x_σ = (1 − σ) x₀ + σ ε; the network predicts ε − x₀.

    Noise levels are the scheduler's own σ, so a shift of its schedule is part of the process.
    """

    def __init__(self, scheduler: SchedulerMixin) -> None:
        if not isinstance(scheduler, FlowMatchEulerDiscreteScheduler):
            raise UserError(
                f"The scheduler {type(scheduler).__name__} does not belong to this kind of network, which was trained "
                "with flow matching; take the scheduler folder that came with the checkpoint."
            )
        fresh = FlowMatchEulerDiscreteScheduler.from_config(scheduler.config)
        self._config = fresh.config
        self._sigmas = fresh.sigmas.flip(0)  # diffusers lists the noisiest first
        self.length = len(self._sigmas)

    def noised(self, x0: Tensor, noise: Tensor, positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        self._sigmas = self._sigmas.to(x0.device)  # once: a copy at each step would wait for the GPU
        sigma = self._sigmas[positions]
        wide = sigma[:, None, None, None]
        timesteps = sigma * self._config["num_train_timesteps"]
        return (1 - wide) * x0 + wide * noise, timesteps, noise - x0

    def sampler(self, steps: int) -> FlowMatchEulerDiscreteScheduler:
        """Euler steps of the probability flow."""
        sampler = FlowMatchEulerDiscreteScheduler.from_config(self._config)
        sampler.set_timesteps(steps)
        return sampler
