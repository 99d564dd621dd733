"""A recipe as plain Keras: optimizer, schedule, loss, first filters."""

from core.architectures import LabelForm, Optimizer, Recipe
from core.architectures.recipe import FirstFilters, Schedule

MUON = '''class Muon(keras.optimizers.Optimizer):
    """Muon (Jordan et al. 2024) for the kernels of hidden layers, Adam for everything else.

    The step of a kernel is made orthogonal, so that it moves the layer's answers by as much in
    every direction. It is scaled to the size of a step of Adam (arXiv:2502.16982), so that one
    learning rate serves both.
    """

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        kernels = [place for place, each in enumerate(variables) if len(each.shape) > 1]
        self.hidden = set(kernels[:-1])  # the last one is the classifier's
        self.means = [self.add_variable_from_reference(each, "mean") for each in variables]
        self.squares = [self.add_variable_from_reference(each, "square") for each in variables]

    def update_step(self, gradient, variable, learning_rate):
        place = self._get_variable_index(variable)
        mean, square = self.means[place], self.squares[place]
        if place in self.hidden:
            self.assign(mean, 0.95 * mean + gradient)
            step = keras.ops.reshape(gradient + 0.95 * mean, (-1, variable.shape[-1]))
            size = 0.2 * max(step.shape) ** 0.5
            step = keras.ops.reshape(orthogonal(step), variable.shape)
            self.assign_sub(variable, learning_rate * size * step)
            return
        done = keras.ops.cast(self.iterations + 1, "float32")
        self.assign_add(mean, 0.1 * (gradient - mean))
        self.assign_add(square, 0.001 * (gradient**2 - square))
        rate = learning_rate * keras.ops.sqrt(1 - 0.999**done) / (1 - 0.9**done)
        self.assign_sub(variable, rate * mean / (keras.ops.sqrt(square) + 1e-7))


def orthogonal(matrix):
    """Return about the nearest matrix whose singular values are all 1 (Newton-Schulz)."""
    tall = matrix.shape[0] > matrix.shape[1]
    if tall:
        matrix = keras.ops.transpose(matrix)
    matrix = matrix / (keras.ops.norm(matrix) + 1e-7)
    for _ in range(5):
        gram = keras.ops.matmul(matrix, keras.ops.transpose(matrix))
        change = -4.7750 * gram + 2.0315 * keras.ops.matmul(gram, gram)
        matrix = 3.4445 * matrix + keras.ops.matmul(change, matrix)
    return keras.ops.transpose(matrix) if tall else matrix'''

FILTERS = '''def first_filters(images, side, count):
    """Return filters that measure the directions in which small patches of images differ most.

    Each direction is there with its negative, since ReLU passes one side only (patch whitening,
    arXiv:2404.00498).
    """
    windows = np.lib.stride_tricks.sliding_window_view(images / 255, (side, side), axis=(1, 2))
    channels = images.shape[-1]
    patches = windows.reshape(-1, channels * side * side)
    variances, directions = np.linalg.eigh(patches.T @ patches / len(patches))
    whitened = (directions / np.sqrt(np.maximum(variances, 0) + 5e-4))[:, ::-1]
    whitened = whitened[:, : math.ceil(count / 2)]
    filters = np.concatenate([whitened, -whitened], axis=1)[:, :count]
    return np.moveaxis(filters.reshape(channels, side, side, -1), 0, 2)'''

SET_FILTERS = """first = next(layer for layer in model.layers if isinstance(layer, layers.Conv2D))
kernel = keras.ops.convert_to_numpy(first.kernel).copy()
filters = first_filters(
    x_train[:: math.ceil(len(x_train) / 500)], kernel.shape[0], kernel.shape[-1]
)
kernel[..., : filters.shape[-1]] = filters
first.kernel.assign(kernel)"""


def one_hot(recipe: Recipe) -> bool:
    """Tell whether labels enter the loss as one number a class; smoothing asks for that."""
    return recipe.label_form is LabelForm.ONE_HOT or recipe.label_smoothing > 0


def rate_code(recipe: Recipe) -> str:
    """Return what makes ``learning_rate``, with ``STEPS`` where the schedule is over all steps."""
    schedules = "keras.optimizers.schedules"
    match recipe.schedule:
        case Schedule.CONSTANT:
            return "learning_rate = LEARNING_RATE"
        case Schedule.COSINE:
            return (
                "STEPS = EPOCHS * math.ceil(len(x_train) / BATCH)\n"
                f"learning_rate = {schedules}.CosineDecay(LEARNING_RATE, STEPS)"
            )
        case Schedule.ONE_CYCLE:
            return f"""STEPS = EPOCHS * math.ceil(len(x_train) / BATCH)
up = max(1, round(0.3 * STEPS))
learning_rate = {schedules}.CosineDecay(
    LEARNING_RATE / 20, max(1, STEPS - up), warmup_target=LEARNING_RATE, warmup_steps=up
)"""


def optimizer_code(recipe: Recipe) -> str:
    """Return what makes the optimizer of a ``learning_rate``."""
    optimizers = "keras.optimizers"
    match recipe.optimizer:
        case Optimizer.SGD:
            return f"{optimizers}.SGD(learning_rate)"
        case Optimizer.MOMENTUM:
            return f"{optimizers}.SGD(learning_rate, momentum=0.9, nesterov=True)"
        case Optimizer.ADAM:
            return f"{optimizers}.Adam(learning_rate)"
        case Optimizer.ADAMW:
            return f"{optimizers}.AdamW(learning_rate, weight_decay={recipe.weight_decay!r})"
        case Optimizer.RMSPROP:
            return f"{optimizers}.RMSprop(learning_rate)"
        case Optimizer.MUON:
            return "Muon(learning_rate)"


def loss_code(recipe: Recipe) -> str:
    """Return what makes the loss, for labels as ``one_hot`` says."""
    if not one_hot(recipe):
        return '"sparse_categorical_crossentropy"'
    smoothing = f"label_smoothing={recipe.label_smoothing!r}" if recipe.label_smoothing else ""
    return f"keras.losses.CategoricalCrossentropy({smoothing})"


def draws_filters(recipe: Recipe) -> bool:
    """Tell whether the first filters are made from the training images."""
    return recipe.first_filters is FirstFilters.WHITENING
