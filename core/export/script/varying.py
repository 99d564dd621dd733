"""Augmentation as plain TensorFlow: the same distribution as ``core.training.augmentation``."""

from collections.abc import Collection

from core.architectures import Augmentation

_FLIP = '''def augment(images):
    """Mirror every second image."""
    return tf.image.random_flip_left_right(images)
'''

_MOVED = '''def move(images):
    """{words}, all in one step."""
    count, (height, width) = tf.shape(images)[0], images.shape[1:3]

    def draw(limit):
        return tf.random.uniform([count], -limit, limit)

    zero = tf.zeros([count])
    mirror = {mirror}
    right, down = {right}, {down}
    angle = {angle}
    scale = {scale}
    # The pixel (x, y) comes from (a x + b y + c, d x + e y + f); the middle stays, then it moves.
    a, b = mirror * tf.cos(angle) * scale, -mirror * tf.sin(angle) * scale
    d, e = tf.sin(angle) * scale, tf.cos(angle) * scale
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    c = middle_x - a * middle_x - b * middle_y + right
    f = middle_y - d * middle_x - e * middle_y + down
    return keras.ops.image.affine_transform(
        images,
        tf.stack([a, b, c, d, e, f, zero, zero], axis=1),
        interpolation="{interpolation}",
        fill_mode="{fill}",
    )
'''

_ERASED = '''def erase(images):
    """Fill a rectangle of every second image with noise: 2 to 25 % of its area."""
    count, (height, width) = tf.shape(images)[0], images.shape[1:3]

    def draw(low, high):
        return tf.random.uniform([count], low, high)

    def inside(side, share, place):
        length = tf.maximum(1.0, tf.round(tf.minimum(share, 1.0) * side))
        ahead = tf.range(side, dtype="float32") - tf.floor(place * (side - length + 1))[:, None]
        return (ahead >= 0) & (ahead < length[:, None])

    chosen = draw(0, 1) < 0.5
    area = draw(0.02, 0.25)
    aspect = tf.exp(draw(-1, 1) * math.log(1 / 0.3))  # height to width, 0.3 to 3.3
    rows = inside(height, tf.sqrt(area * aspect), draw(0, 1)) & chosen[:, None]
    columns = inside(width, tf.sqrt(area / aspect), draw(0, 1))
    noise = tf.random.uniform(tf.shape(images), 0, 255)
    return tf.where(rows[:, :, None, None] & columns[:, None, :, None], noise, images)
'''

_WORDS = {
    Augmentation.FLIP: "mirror",
    Augmentation.SHIFT: "move",
    Augmentation.ROTATION: "turn",
    Augmentation.SCALE: "scale",
}


def code(flags: Collection[Augmentation], *, grey: bool) -> str:
    """Return a function ``augment`` of a batch of images, with what it needs.

    Args:
        flags: how images are varied, one at least.
        grey: whether they have one channel; what comes into view from outside is black then.
    """
    erases = Augmentation.ERASING in flags
    moves = set(flags) - {Augmentation.FLIP, Augmentation.ERASING}
    if not moves and not erases:
        return _FLIP.strip()
    parts, does = [], []
    if moves:
        parts.append(_moving(flags, grey=grey))
        does.append("move")
    elif Augmentation.FLIP in flags:
        does.append("tf.image.random_flip_left_right")
    if erases:
        parts.append(_ERASED)
        does.append("erase")
    steps = [f"    images = {each}(images)" for each in does]
    whole = [
        "def augment(images):",
        '    """Vary each image of a batch at random."""',
        '    images = tf.cast(images, "float32")',
        *steps,
        "    return images",
    ]
    return "\n\n\n".join([*(part.strip() for part in parts), "\n".join(whole)])


def _moving(flags: Collection[Augmentation], *, grey: bool) -> str:
    shifts = Augmentation.SHIFT in flags
    turns, scales = Augmentation.ROTATION in flags, Augmentation.SCALE in flags
    words = " and ".join(word for flag, word in _WORDS.items() if flag in flags)
    return _MOVED.format(
        words=words.capitalize(),
        mirror="tf.sign(draw(1.0))" if Augmentation.FLIP in flags else "1.0",
        # Whole pixels: a blur would be a second augmentation.
        right="tf.round(draw(0.1) * width)" if shifts else "zero",
        down="tf.round(draw(0.1) * height)" if shifts else "zero",
        angle="draw(math.radians(10))" if turns else "zero",
        scale="1 + draw(0.1)" if scales else "1.0",
        interpolation="bilinear" if turns or scales else "nearest",
        fill="constant" if grey else "nearest",
    )
