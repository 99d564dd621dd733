"""What the choices of a training's settings are called."""

from core.architectures import Augmentation, Optimizer, Precision
from core.architectures.recipe import Schedule, ValidationFrom

OPTIMIZERS = {
    Optimizer.SGD: "SGD",
    Optimizer.MOMENTUM: "SGD with momentum",
    Optimizer.ADAM: "Adam",
    Optimizer.ADAMW: "AdamW",
    Optimizer.RMSPROP: "RMSprop",
}
SCHEDULES = {
    Schedule.CONSTANT: "Constant",
    Schedule.COSINE: "Cosine, down to zero",
    Schedule.ONE_CYCLE: "One cycle, up and down",
}
AUGMENTATIONS = {
    Augmentation.FLIP: "Flip",
    Augmentation.SHIFT: "Shift",
    Augmentation.ROTATION: "Rotation",
    Augmentation.SCALE: "Scale",
    Augmentation.ERASING: "Erasing",
}
PRECISIONS = {
    Precision.FLOAT32: "32-bit numbers",
    Precision.BFLOAT16: "bfloat16, 16 bits",
}
VALIDATION_FROM = {
    ValidationFrom.END: "the last ones",
    ValidationFrom.RANDOM: "at random, by the seed",
}
