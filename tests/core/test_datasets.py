"""The registry of data sets, and what every entry of it must keep to."""

import dataclasses
import threading
import time

import numpy as np
import pytest

from core import datasets
from core.datasets import DATASETS, SPLITS, Split
from core.errors import DataDamaged, DataUnavailable, SettingsError

FASHION = DATASETS["fashion-mnist"]


def available(name):
    """Return a data set, or skip the test if this machine lacks its files."""
    spec = DATASETS[name]
    if reason := spec.missing():
        pytest.skip(reason)
    return spec


def blank(**changes):
    """Return a data set of five images and two classes, with ``changes`` applied."""
    values = {
        "name": "blank",
        "title": "Blank",
        "classes": ("dark", "bright"),
        "shape": (2, 2, 1),
        "counts": {"train": 5, "test": 5},
        "credit": "",
        "read": lambda split: Split(np.zeros((5, 2, 2, 1), np.uint8), np.zeros(5, np.int64)),
        "missing": lambda: None,
    }
    return datasets.DatasetSpec(**(values | changes))


@pytest.mark.parametrize("name", DATASETS)
def test_an_entry_is_complete(name):
    spec = DATASETS[name]
    assert spec.name == name
    assert spec.title and spec.credit
    assert len(set(spec.classes)) == len(spec.classes) > 1
    assert len(spec.shape) == 3 and spec.shape[2] in (1, 3)
    assert set(spec.counts) == set(SPLITS)
    assert datasets.find(name) is spec


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("name", DATASETS)
def test_a_split_is_what_its_entry_promises(name, split):
    spec = available(name)
    loaded = datasets.load(name, split)
    assert len(loaded) == spec.counts[split]
    assert loaded.images.shape == (spec.counts[split], *spec.shape)
    assert loaded.images.dtype == np.uint8
    assert loaded.labels.shape == (spec.counts[split],)
    assert loaded.labels.dtype == np.int64
    assert set(np.unique(loaded.labels)) == set(range(len(spec.classes)))
    assert spec.is_loaded(split)


@pytest.mark.parametrize("name", DATASETS)
def test_arrays_are_shared_and_cannot_be_written(name):
    available(name)
    first, second = datasets.load(name, "test"), datasets.load(name, "test")
    assert first is second
    with pytest.raises(ValueError, match="read-only"):
        first.images[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        first.labels[0] = 0


@pytest.mark.parametrize("name", DATASETS)
def test_the_first_images_mix_the_classes_evenly(name):
    """A limit takes the first images; see ``core.runs.division.divide``."""
    spec = available(name)
    counts = np.bincount(datasets.load(name, "train").labels[:6000])
    assert counts.min() > 0.85 * 6000 / len(spec.classes)


@pytest.mark.parametrize("name", ["mnist", "", "fashion-mnist ", "x" * 1000])
def test_an_unknown_data_set_lists_those_there_are(name):
    with pytest.raises(SettingsError) as caught:
        datasets.find(name)
    assert all(known in str(caught.value) for known in DATASETS)
    assert len(str(caught.value)) < 200


def test_an_unknown_split_is_refused():
    with pytest.raises(SettingsError, match="'train' or 'test'"):
        FASHION.load("validation")


def test_many_visitors_cause_one_reading():
    reads = []

    def read(split):
        reads.append(split)
        time.sleep(0.05)  # long enough for all of them to have asked
        return Split(np.zeros((5, 2, 2, 1), np.uint8), np.zeros(5, np.int64))

    spec = blank(read=read)
    assert not spec.is_loaded("train")
    loaded = []
    threads = [threading.Thread(target=lambda: loaded.append(spec.load("train"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reads == ["train"]
    assert len({id(each) for each in loaded}) == 1
    assert spec.is_loaded("train") and not spec.is_loaded("test")


def test_a_failed_reading_is_tried_again():
    """So that a file that was put back is found without a restart."""
    files = []

    def read(split):
        if not files:
            raise DataUnavailable("not yet")
        return Split(np.zeros((5, 2, 2, 1), np.uint8), np.zeros(5, np.int64))

    spec = blank(read=read)
    with pytest.raises(DataUnavailable):
        spec.load("train")
    files.append("here now")
    assert len(spec.load("train")) == 5


@pytest.mark.parametrize("shape", [(4, 2, 2, 1), (5, 2, 2, 3), (5, 2, 2)])
def test_images_of_another_shape_are_damage(shape):
    spec = blank(read=lambda split: Split(np.zeros(shape, np.uint8), np.zeros(5, np.int64)))
    with pytest.raises(DataDamaged, match=r"Blank: the train split has shape"):
        spec.load("train")
    assert not spec.is_loaded("train")


def test_fewer_labels_than_images_are_damage():
    images = np.zeros((5, 2, 2, 1), np.uint8)
    spec = blank(read=lambda split: Split(images, np.zeros(4, np.int64)))
    with pytest.raises(DataDamaged):
        spec.load("test")


def test_a_label_beyond_the_classes_is_damage():
    split = Split(np.zeros((5, 2, 2, 1), np.uint8), np.array([0, 1, 2, 0, 1]))
    with pytest.raises(DataDamaged, match=r"label is 2, but the classes end at 1"):
        dataclasses.replace(blank(), read=lambda name: split).load("train")
