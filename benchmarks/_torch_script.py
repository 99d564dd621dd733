"""The presets in PyTorch, images and labels in memory as one tensor each.

``python -m benchmarks._torch_script PRESET IMAGES EPOCHS SETTING...`` prints images a second of
training, the first epoch left out. The settings:

| setting | what it does |
| --- | --- |
| ``channels_last`` | keeps images and weights in the order that oneDNN likes |
| ``fused`` | updates all weights by one operation |
| ``compile`` | compiles network and loss by ``torch.compile`` |

Needs torch, NumPy, Pillow and psutil, and no TensorFlow.
"""

import sys
import time

import numpy as np
import torch
from torch import nn

from core import architectures, datasets
from core.architectures.layers import (
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    MaxPool,
    Shape,
)


def torch_layers(layer: Layer, shape: Shape) -> list[nn.Module]:
    """Return a layer, for inputs of ``shape``, as PyTorch modules; logits instead of softmax."""
    match layer:
        case Conv():
            padding = "same" if layer.padding == "same" and layer.stride == 1 else "valid"
            found: list[nn.Module] = [
                nn.Conv2d(
                    shape[2], layer.filters, layer.kernel, layer.stride, padding, bias=layer.bias
                )
            ]
            return [*found, nn.ReLU()] if layer.activation == "relu" else found
        case MaxPool():
            return [nn.MaxPool2d(layer.size)]
        case BatchNorm():
            return [nn.BatchNorm2d(shape[2], eps=0.001, momentum=1 - layer.momentum)]
        case Activation():
            return [nn.ReLU()]
        case Dropout():
            return [nn.Dropout(layer.rate)]
        case Flatten():
            return [nn.Flatten()]
        case GlobalAveragePool():
            return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        case Dense():
            dense: list[nn.Module] = [nn.Linear(shape[0], layer.units)]
            return [*dense, nn.ReLU()] if layer.activation == "relu" else dense
    raise TypeError(f"no PyTorch layer for {layer!r}")


def main(preset: str, count: int, epochs: int, settings: list[str]) -> None:
    """Train and print the speed."""
    architecture = architectures.find(preset)
    recipe = architecture.recipe_for("fashion-mnist")
    split = datasets.load("fashion-mnist", "train")
    x = torch.from_numpy(split.images[:count].transpose(0, 3, 1, 2) / np.float32(255))
    y = torch.from_numpy(split.labels[:count].astype(np.int64))
    modules: list[nn.Module] = []
    shape: Shape = (28, 28, 1)
    for layer in architecture.network(10):
        modules += torch_layers(layer, shape)
        shape = layer.output_shape(shape)
    model = nn.Sequential(*modules)
    optimizers = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    if "channels_last" in settings:
        x = x.contiguous(memory_format=torch.channels_last)
        model = model.to(memory_format=torch.channels_last)
    optimizer = optimizers[recipe.optimizer](
        model.parameters(), lr=recipe.learning_rate, fused="fused" in settings
    )
    cross_entropy = nn.CrossEntropyLoss()
    model.train()

    def forward(images: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits = model(images)
        return cross_entropy(logits, labels), (logits.argmax(1) == labels).sum()

    if "compile" in settings:
        # For one size of batch each: the odd last one of an epoch is compiled by itself.
        forward = torch.compile(forward, dynamic=False)
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        loss_sum, right = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        for indices in torch.randperm(count).split(recipe.batch_size):
            images, labels = x[indices], y[indices]
            optimizer.zero_grad()
            loss, correct = forward(images, labels)
            loss.backward()
            optimizer.step()
            loss_sum += loss.detach() * len(indices)
            right += correct
        assert torch.isfinite(loss_sum)
        seconds.append(time.perf_counter() - started)
    print(count * (epochs - 1) / sum(seconds[1:]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
