"""Photos: find the garment, and make its shades those of Fashion-MNIST.

On an even ground, such as a product shot's, whatever differs from the border's colour is the
garment. On a floor, a bed or a door the garment is what stands out from the border, by colour and
by the barrier on every way from there (Zhang et al. 2015, "Minimum barrier salient object
detection at 80 FPS"), and lies near the middle; GrabCut (Rother, Kolmogorov and Blake 2004) makes
a mask of that, which is cleaned of hangers, threads and specks.
"""

import cv2
import numpy as np

from core.imaging.flatten import OPAQUE
from core.imaging.scene import CLEAN, Pixels, Scene, despeckle, distance, threshold

FAINT = 32  # level that the garment has at least

SIDE = 128  # px; longest side of the copy on which GrabCut works
SALIENCE_SIDE = 96  # px; of the copy on which saliency is measured
LIGHTNESS = 0.5  # weight of lightness beside the two colour axes: shadows are differences in it
FRAME = 0.03  # share of the shorter side that is taken for background
CLUSTERS = 5  # colours of the frame
RARE = 0.12  # share of the frame below which a colour may be the garment's that reaches into it
NEAR = 25.0  # levels; pixels this close to one of the frame's colours have it
TIED = 1.0  # length along the frame over the root of the area; below it is the garment's colour
LOOSE = 30.0  # levels that such a colour counts for less
SURE = (0.12, 0.85)  # shares of the picture: below is surely background, above surely garment
ROUNDS = 3  # of GrabCut
CENTRE = 0.5  # weight of the centre beside what was seen
NEUTRAL = 12  # levels between the channels; a shadow has the ground's hue
DEEP = 90  # levels; no soft shadow is darker
GENTLE = 2  # levels from pixel to pixel; a garment's outline is steeper
KEPT = 0.65  # share of the mask that a shadow leaves
WIDE = 1.25  # width over height of footwear
HEEL = 1.3  # height over the heel over that over the toe
OPENING = 0.03  # share of the longest side; thinner parts are hangers and threads


def find_garment(scene: Scene) -> np.ndarray:
    """Return which pixels belong to the garment, bool, shape (h, w) of ``scene.colour``.

    All false if nothing stands out from the background. Of a cut-out it is what was cut out.
    """
    if scene.alpha is not None:
        return scene.alpha >= OPAQUE
    if scene.spread < CLEAN:
        away = distance(scene.colour, scene.background)
        return _without_shadow(scene, despeckle(away > threshold(away, scene.spread)))
    reduced = _reduced(scene.colour, SIDE)
    mask = clean(_grab(reduced, salience(reduced)))
    return _resized(mask, scene.colour.shape[:2])


def salience(colour: Pixels) -> np.ndarray:
    """Return how much each pixel stands out from the border, 0 to 1, float32 (h, w)."""
    tiny = _reduced(colour, SALIENCE_SIDE)
    lab = cv2.cvtColor(cv2.GaussianBlur(tiny, (3, 3), 0), cv2.COLOR_RGB2LAB).astype(np.float32)
    lab[..., 0] *= LIGHTNESS
    unlike, begin = _unlike_border(lab)
    seen = _spread_out(_barrier(cv2.GaussianBlur(lab, (5, 5), 0), begin))
    seen = (seen + _spread_out(unlike)) / 2
    height, width = seen.shape
    down, across = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    centre = np.exp(-2 * (down**2 + across**2))
    whole = _spread_out(seen + CENTRE * centre).astype(np.float32)
    return cv2.resize(whole, colour.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def clean(mask: np.ndarray) -> np.ndarray:
    """Drop thin parts and those far from the middle, fill small holes; bool (h, w)."""
    height, width = mask.shape
    size = max(3, round(OPENING * max(mask.shape)) | 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    solid = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc)
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, disc)
    if not solid.any():
        return mask
    count, parts, boxes, centres = cv2.connectedComponentsWithStats(solid)
    off = np.hypot(centres[:, 0] / width - 0.5, centres[:, 1] / height - 0.5)
    weight = boxes[:, cv2.CC_STAT_AREA] * np.exp(-2 * off)
    weight[0] = 0  # the background
    solid = np.isin(parts, np.flatnonzero(weight >= 0.25 * weight.max())).astype(np.uint8)
    count, parts, boxes, _ = cv2.connectedComponentsWithStats(1 - solid, connectivity=4)
    for part in range(1, count):
        left, top, across, down, area = boxes[part]
        enclosed = left > 0 and top > 0 and left + across < width and top + down < height
        if enclosed and area < 0.05 * solid.sum():
            solid[parts == part] = 1
    return solid.astype(bool)


def stretch(grey: Pixels, mask: np.ndarray) -> Pixels:
    """Spread the shades inside the mask up to 255, leaving out 2 % at either end.

    The lower end stays below half the median and the garment above ``FAINT``, so that plain cloth
    never vanishes, not even white cloth, which is black when negated.
    """
    if not mask.any():
        return grey
    low, median, high = np.percentile(grey[mask], (2, 50, 98))
    low = min(low, median / 2)
    levels = (grey - low) * (255 / max(high - low, 60.0))
    return np.where(mask, levels.clip(FAINT, 255), grey).astype(np.uint8)


def faces_right(mask: np.ndarray) -> bool:
    """Tell whether this is footwear with its toe to the right.

    Footwear is wider than high, and so much higher over the heel than over the toe that no other
    class is like it; one end of a bag or a sweater is as high as the other.
    """
    height, width = mask.shape
    if width < WIDE * height:
        return False
    third = max(1, width // 3)
    columns = mask.mean(axis=0)
    left, right = columns[:third].mean(), columns[-third:].mean()
    return bool(left > HEEL * right)


def _without_shadow(scene: Scene, mask: np.ndarray) -> np.ndarray:
    """Drop soft shadows beside the garment: what the background fades into without an edge.

    Where that would take much of the garment, as with white cloth on white, nothing is dropped.
    """
    smooth = cv2.GaussianBlur(scene.colour, (5, 5), 0)
    missing = scene.background - smooth
    shade = (np.ptp(missing, axis=-1) < NEUTRAL) & (missing.max(axis=-1) < DEEP)
    barred = np.zeros((mask.shape[0] + 2, mask.shape[1] + 2), np.uint8)
    barred[1:-1, 1:-1] = mask & ~shade
    step = (GENTLE,) * 3
    height, width = mask.shape
    for seed in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)):
        if not barred[seed[1] + 1, seed[0] + 1]:
            cv2.floodFill(smooth, barred, seed, 0, step, step, 4 | cv2.FLOODFILL_MASK_ONLY | 2 << 8)
    left = (mask & (barred[1:-1, 1:-1] != 2)).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    left = cv2.morphologyEx(left, cv2.MORPH_OPEN, disc).astype(bool)
    return left if left.sum() > KEPT * mask.sum() else mask


def _grab(colour: Pixels, seen: np.ndarray) -> np.ndarray:
    """Return the garment by GrabCut, started from what stands out; bool (h, w)."""
    height, width = seen.shape
    start = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    level = cv2.threshold((seen * 255).astype(np.uint8), 0, 255, cv2.THRESH_OTSU)[0] / 255
    surely_not, surely = np.quantile(seen, SURE)
    start[seen > level] = cv2.GC_PR_FGD
    start[seen > max(surely, level)] = cv2.GC_FGD
    start[seen < min(surely_not, level)] = cv2.GC_BGD
    kinds = np.bincount(start.ravel(), minlength=4)
    if not kinds[cv2.GC_FGD] + kinds[cv2.GC_PR_FGD] or not kinds[cv2.GC_BGD] + kinds[cv2.GC_PR_BGD]:
        return seen > level
    cv2.setRNGSeed(0)  # its k-means: the same picture gets the same mask
    lab = cv2.cvtColor(colour, cv2.COLOR_RGB2LAB)
    ground, cloth = np.zeros((1, 65)), np.zeros((1, 65))  # its colour models, to be filled
    whole = (0, 0, 0, 0)  # no rectangle: ``start`` says where to begin
    cv2.grabCut(lab, start, whole, ground, cloth, ROUNDS, cv2.GC_INIT_WITH_MASK)
    found: np.ndarray = (start == cv2.GC_FGD) | (start == cv2.GC_PR_FGD)
    return found


def _unlike_border(lab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance to the nearest of the frame's colours, and where background may begin.

    A colour that lies along the frame but fills more of the inside than its share of the frame
    explains is the garment's (the "boundary connectivity" of Zhu et al. 2014); it counts for less
    and is no beginning.
    """
    height, width = lab.shape[:2]
    depth = max(2, round(FRAME * min(height, width)))
    frame = np.ones((height, width), bool)
    frame[depth:-depth, depth:-depth] = False
    points = lab[frame]
    clusters = min(CLUSTERS, len(points))
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    none = np.zeros((len(points), 1), np.int32)  # no labels to begin with
    _, member, colours = cv2.kmeans(points, clusters, none, stop, 1, cv2.KMEANS_PP_CENTERS)
    share = np.bincount(member.ravel(), minlength=clusters) / len(points)
    away = np.linalg.norm(lab[:, :, None] - colours, axis=-1)
    nearest = away.argmin(axis=-1)
    near = away.min(axis=-1) < NEAR
    area = np.bincount(nearest[near], minlength=clusters)
    tied = share * 2 * (height + width) / np.sqrt(area.clip(1))
    away += 12 * np.log(RARE / share.clip(1e-3, RARE)) + LOOSE * np.exp(-((tied / TIED) ** 2))
    begin = frame & (tied > TIED)[nearest]
    return away.min(axis=-1), begin if begin.any() else frame


def _barrier(lab: np.ndarray, begin: np.ndarray, passes: int = 2) -> np.ndarray:
    """Return the minimum barrier distance to where the background begins, float32 (h, w).

    The barrier of a way is the range of values on it, summed over the channels. Whole rows and
    columns are swept at once, down, up, right and left.
    """
    far = np.full(lab.shape[:2], np.inf, np.float32)
    far[begin] = 0
    high, low = lab.copy(), lab.copy()
    for _ in range(passes):
        for axis in (0, 1):
            values, reach = np.moveaxis(lab, axis, 0), np.moveaxis(far, axis, 0)
            upper, lower = np.moveaxis(high, axis, 0), np.moveaxis(low, axis, 0)
            last = len(values) - 1
            ways = [(i, i - 1) for i in range(1, last + 1)]
            for here, before in ways + [(last - i, last - j) for i, j in ways]:
                top = np.maximum(upper[before], values[here])
                bottom = np.minimum(lower[before], values[here])
                barrier = (top - bottom).sum(axis=-1)
                nearer = barrier < reach[here]
                reach[here][nearer] = barrier[nearer]
                upper[here][nearer] = top[nearer]
                lower[here][nearer] = bottom[nearer]
    return far


def _spread_out(values: np.ndarray) -> np.ndarray:
    """Map the 3rd percentile to 0 and the 97th to 1."""
    low, high = np.percentile(values, (3, 97))
    found: np.ndarray = ((values - low) / max(high - low, 1e-6)).clip(0, 1)
    return found


def _reduced(colour: Pixels, side: int) -> Pixels:
    """Return the picture with its longest side at ``side`` px, no side below 8."""
    height, width = colour.shape[:2]
    share = side / max(height, width)
    size = max(8, round(width * share)), max(8, round(height * share))
    return cv2.resize(colour, size, interpolation=cv2.INTER_AREA)


def _resized(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the mask at another size, with its edges as smooth as bilinear weights make them."""
    levels = cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)
    return levels > 0.5
