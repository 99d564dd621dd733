"""The orders of images: each of the registry, and what each of them means."""

import numpy as np
import pytest

from core import datasets
from core.analysis import labels
from core.analysis.order import ORDERS, Order, Subject
from core.evaluation import TEST, VALIDATION, Answers

NAME = "fashion-mnist"
SOME = np.array([7, 3, 9_999, 12, 500], np.int64)


@pytest.fixture(scope="module")
def spec() -> datasets.DatasetSpec:
    return datasets.find(NAME)


def answers(part: str, spec: datasets.DatasetSpec) -> Answers:
    """Return answers on five images, which give the labels 0.9, 0.7, 0.5, 0.3 and 0.1."""
    truth = spec.load("test" if part == TEST else "train").labels[SOME]
    given = np.array([0.9, 0.7, 0.5, 0.3, 0.1], np.float32)
    probabilities = np.repeat((1 - given[:, None]) / 9, 10, axis=1)
    probabilities[np.arange(5), truth] = given
    return Answers(part, SOME, truth, probabilities, 0.5)


def subject(order: Order, spec: datasets.DatasetSpec, split: str = "test") -> Subject:
    part = TEST if split == "test" else VALIDATION
    return Subject(NAME, split, answers(part, spec) if order.needs_answers else None)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_each_has_a_value_a_image_in_its_range(order, spec):
    values = order.values(subject(order, spec))
    assert values is not None
    assert values.shape == (10_000,) and values.dtype == np.float32
    known = values[~np.isnan(values)]
    assert len(known) == (5 if order.needs_answers else 10_000)
    if order.shown:
        assert known.min() >= 0 and known.max() <= (1 if order.share else 255)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_each_ranks_what_it_is_asked_about_from_one_end_to_the_other(order, spec):
    values = order.values(subject(order, spec))
    ranked = order.ranked(values, SOME)
    assert sorted(ranked) == sorted(SOME)
    steps = np.diff(values[ranked])
    assert (steps <= 0).all() if order.highest_first else (steps >= 0).all()


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_each_has_its_name_and_its_words(order):
    assert ORDERS[order.name] is order
    assert order.title and order.explanation.endswith(".")


def test_titles_are_all_different():
    assert len({order.title for order in ORDERS.values()}) == len(ORDERS)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_equal_values_stay_in_order_and_those_without_one_are_left_out(order):
    values = np.array([5, np.nan, 5, 1, 5, np.nan], np.float32)
    expected = [4, 0, 2, 3] if order.highest_first else [3, 4, 0, 2]
    assert order.ranked(values, np.array([4, 1, 0, 3, 5, 2])).tolist() == expected
    assert order.ranked(values, np.array([], np.int64)).tolist() == []


@pytest.mark.parametrize("split", datasets.SPLITS)
def test_as_in_the_data_set_is_the_order_of_the_file(split, spec):
    values = ORDERS["index"].values(Subject(NAME, split))
    assert values.tolist() == list(range(spec.counts[split]))


def test_the_brightest_is_the_darkest_turned_round(spec):
    images = spec.load("test").images.reshape(10_000, -1)
    everything = np.arange(10_000)
    for name, chosen in (("darkest", np.argmin), ("brightest", np.argmax)):
        order = ORDERS[name]
        first = order.ranked(order.values(Subject(NAME, "test")), everything)[0]
        assert first == chosen(images.mean(axis=1))


def test_the_most_typical_test_image_is_nearest_to_the_mean_of_the_training_images(spec):
    train, test = spec.load("train"), spec.load("test")
    mean = train.images[train.labels == 1].mean(axis=0)
    trousers = np.flatnonzero(test.labels == 1)
    off = ((test.images[trousers] - mean) ** 2).mean(axis=(1, 2, 3)) ** 0.5
    for name, chosen in (("typical", off.argmin()), ("unusual", off.argmax())):
        order = ORDERS[name]
        values = order.values(Subject(NAME, "test"))
        first = order.ranked(values, trousers)[0]
        assert first == trousers[chosen]
        assert values[first] == pytest.approx(off[chosen], rel=1e-4)


def test_the_most_doubtful_label_is_that_of_the_list(spec):
    order = ORDERS["doubtful"]
    values = order.values(Subject(NAME, "test"))
    found = labels.labels_of(spec, "test")
    assert order.ranked(values, np.flatnonzero(found.doubtful)).tolist() == found.ranked().tolist()


@pytest.mark.parametrize(("split", "part"), [("test", TEST), ("train", VALIDATION)])
def test_the_hardest_for_a_run_is_what_it_gave_the_least_probability(split, part, spec):
    order = ORDERS["hardest"]
    values = order.values(Subject(NAME, split, answers(part, spec)))
    ranked = order.ranked(values, np.arange(spec.counts[split]))
    assert ranked.tolist() == SOME[::-1].tolist()
    assert values[ranked] == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])


def test_the_hardest_is_unknown_without_a_run_or_with_answers_on_the_other_split(spec):
    order = ORDERS["hardest"]
    assert order.values(Subject(NAME, "test")) is None
    assert order.values(Subject(NAME, "train", answers(TEST, spec))) is None
