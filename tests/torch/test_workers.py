"""Real DataLoader workers: a sample's augmentation does not feel who computes it, when, or beside what."""

import random
import threading

import numpy as np
import pytest
import torch

import variate
from variate.torch import AugmentedDataset, Collate

pytestmark = [
    # these tests want more workers than a small machine has cores
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
    # forking beside threads is what some of them are about
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

AUG = variate.Compose(variate.Jitter(sigma=0.1), variate.OneOf(variate.TimeWarp(), variate.Scaling(), variate.Permutation()))
N = 15
PLANS = [(0, 1, False), (0, 7, True), (1, 4, True), (3, 1, True), (3, 4, False)]


def series(library):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(N, 2, 31)).astype(np.float32)
    return list(x) if library == "numpy" else list(torch.from_numpy(x))


def expected(epoch, ids=range(N)):
    x = AUG(np.stack(series("numpy")), seed=5, epoch=epoch, ids=list(ids))
    return {i: torch.from_numpy(row) for i, row in enumerate(x)}


def read(loader):
    """Return {place: series} of one pass over batches (x, y, place)."""
    return {int(i): row for x, _, places in loader for row, i in zip(x, places, strict=True)}


def loader_of(dataset, collate, workers, batch, shuffle=False, start="fork", persistent=False):
    return torch.utils.data.DataLoader(
        dataset,
        batch_size=batch,
        shuffle=shuffle,
        collate_fn=collate,
        num_workers=workers,
        timeout=90 if workers else 0,  # a worker that hangs fails the test
        multiprocessing_context=start if workers else None,
        persistent_workers=persistent,
        generator=torch.Generator().manual_seed(batch),
    )


def same(found, wanted):
    assert found.keys() == wanted.keys()
    for i, row in found.items():
        assert torch.equal(row, wanted[i])


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize(("workers", "batch", "shuffle"), PLANS)
def test_a_sample_is_the_same_for_any_workers_batches_and_order(library, workers, batch, shuffle):
    samples = [(x, i % 3, i) for i, x in enumerate(series(library))]
    same(read(loader_of(samples, Collate(AUG, seed=5), workers, batch, shuffle)), expected(0))
    dataset = AugmentedDataset(samples, AUG, seed=5)
    same(read(loader_of(dataset, None, workers, batch, shuffle)), expected(0))


def test_hashed_samples_are_the_same_for_any_workers_batches_and_order():
    def by_place(loader):
        return {int(i): row for batch in loader for row, i in zip(batch["values"], batch["place"], strict=True)}

    found = []
    for library, workers, batch, shuffle in (("numpy", 0, N, False), ("torch", 0, 4, True), ("numpy", 3, 7, True)):
        samples = [{"values": x, "place": i} for i, x in enumerate(series(library))]
        found.append(by_place(loader_of(samples, Collate(AUG, seed=5), workers, batch, shuffle)))
    same(found[1], found[0])
    same(found[2], found[0])


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_the_epoch_reaches_persistent_workers(start):
    samples = [(x, 0, i) for i, x in enumerate(series("torch"))]
    collate, dataset = Collate(AUG, seed=5), AugmentedDataset(samples, AUG, seed=5)
    of_collate = loader_of(samples, collate, 3, 4, shuffle=True, start=start, persistent=True)
    of_dataset = loader_of(dataset, None, 1, 7, start=start, persistent=True)
    for epoch in (0, 1, 7):
        collate.set_epoch(epoch)
        dataset.set_epoch(epoch)
        same(read(of_collate), expected(epoch))
        same(read(of_dataset), expected(epoch))


def test_workers_forked_after_the_engine_used_threads():
    variate.set_threads(2)
    try:
        AUG(np.random.default_rng(0).normal(size=(64, 4, 4096)), seed=0)
        assert any(thread.name.startswith("variate") for thread in threading.enumerate())
        torch.ones(512, 512) @ torch.ones(512, 512)  # and torch its own
        samples = [(x, 0, i) for i, x in enumerate(series("torch"))]
        same(read(loader_of(samples, Collate(AUG, seed=5), 3, 4)), expected(0))
        same(read(loader_of(AugmentedDataset(samples, AUG, seed=5), None, 1, 4)), expected(0))
        large = [(np.ones((8, 40_000), np.float32) * i, 0, i) for i in range(4)]  # worth threads, were they allowed
        alone = read(loader_of(large, Collate(AUG, seed=5), 0, 4))
        same(read(loader_of(large, Collate(AUG, seed=5), 1, 4)), alone)
    finally:
        variate.set_threads(None)


def test_an_iterable_dataset_is_augmented_by_its_values():
    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(series("numpy"))

    whole = Collate(AUG, seed=5)(series("numpy"))
    found = torch.cat(list(loader_of(Stream(), Collate(AUG, seed=5), 1, 4)))
    assert torch.equal(found, whole)


def test_global_generators_are_not_touched():
    def states():
        return torch.get_rng_state().tolist(), str(np.random.get_state()), random.getstate()  # noqa: NPY002 - that is the point

    samples = [(x, 0, i) for i, x in enumerate(series("torch"))]
    before = states()
    for seed in (5, None):
        read(loader_of(samples, Collate(AUG, seed=seed), 0, 4, shuffle=True))
        read(loader_of(AugmentedDataset(samples, AUG, seed=seed), None, 1, 4, shuffle=True))
    assert states() == before


def test_seeds_and_what_they_do_not_share():
    samples = [(x, 0, i) for i, x in enumerate(series("torch"))]
    one, two = Collate(AUG, seed=None), Collate(AUG, seed=None)
    x = one(samples)[0]
    assert torch.equal(one(samples)[0], x)  # one seed, drawn once
    assert not torch.equal(two(samples)[0], x)
    torch.random.manual_seed(0)
    assert torch.equal(one(samples)[0], x)
