"""Draws: keys, ids, and the promise that nothing but (seed, epoch, place, name, id) matters."""

from __future__ import annotations

import numpy as np
import pytest

import variate
from variate.core.draws import Draws, assemble, key_of, samples_of
from variate.core.errors import DrawError


def draws(ids, **kwargs):
    return Draws(kwargs.pop("seed", 0), kwargs.pop("epoch", 0), samples_of(np.asarray(ids)), "/op", **kwargs)


def test_a_row_depends_on_its_id_alone():
    many = draws([5, 7, 2**63, 9]).normal("noise", (3, 4))
    for i, sample in enumerate([5, 7, 2**63, 9]):
        assert np.array_equal(many[i], draws(np.array([sample], np.uint64)).normal("noise", (3, 4))[0])


def test_every_part_of_the_key_matters():
    keys = {key_of(s, e, p, n) for s in (0, 1) for e in (0, 1) for p in ("/a", "/b") for n in ("x", "y")}
    assert len(keys) == 16


def test_names_are_used_once():
    rng = draws([0])
    rng.uniform("a")
    with pytest.raises(DrawError, match="the draw 'a' was made twice"):
        rng.normal("a")
    rng.at("0:jitter").uniform("a")  # another place is another name space


def test_string_ids_are_hashed_and_negative_ones_keep_their_bits():
    assert len(set(samples_of(np.array(["a", "b", "ab"])).tolist())) == 3
    assert samples_of(np.array([-1])).tolist() == [2**64 - 1]
    x = np.ones((2, 1, 8))
    by_name = variate.Jitter(relative=False)(x, seed=0, ids=["a", "b"])
    assert np.array_equal(by_name[1:], variate.Jitter(relative=False)(x[1:], seed=0, ids=["b"]))


def test_integers_reach_all_values_and_follow_their_row():
    high = np.array([1, 2, 3, 5])
    drawn = np.stack([draws(np.arange(4) + 4 * k).integers("i", high) for k in range(200)])
    assert (drawn >= 0).all()
    assert (drawn < high).all()
    assert [len(set(drawn[:, j])) for j in range(4)] == [1, 2, 3, 5]


def test_orders_are_permutations_and_all_occur():
    orders = draws(np.arange(500)).order("order", 3)
    assert (np.sort(orders, axis=1) == [0, 1, 2]).all()
    assert len({tuple(o) for o in orders}) == 6


def test_record_holds_rows_that_did_not_come_by_as_nothing():
    _, record = variate.OneOf(variate.Jitter(), variate.Permutation())(np.ones((20, 1, 10)), seed=0, record=True)
    noise, order = record["/one_of/0:jitter"]["noise"], record["/one_of/1:permutation"]["order"]
    first = record["/one_of"]["choice"] < 0.5
    assert np.isnan(noise[~first]).all()
    assert not np.isnan(noise[first]).any()
    assert (order[first] == -1).all()
    assert (order[~first] >= 0).all()


def test_record_of_unequal_lengths_has_one_entry_a_row():
    _, record = variate.Jitter()([np.ones(4), np.ones(6), np.ones(4)], seed=0, record=True)
    assert [n.shape for n in record["/jitter"]["noise"]] == [(1, 4), (1, 6), (1, 4)]
    assert assemble([], 3) == {}


def test_an_added_step_does_not_change_the_draws_of_the_others():
    x = np.random.default_rng(0).normal(size=(3, 1, 20))
    one = variate.Compose(variate.Scaling(), variate.Jitter())(x, seed=0, record=True)[1]
    two = variate.Compose(variate.Scaling(), variate.Jitter(), variate.Flip(p=0.5))(x, seed=0, record=True)[1]
    for path in one:
        for name in one[path]:
            assert np.array_equal(one[path][name], two[path][name])


def test_the_gate_never_shifts_the_parameters():
    x = np.ones((50, 1, 8))
    always = variate.Scaling()(x, seed=0)
    sometimes = variate.Scaling(p=0.4)(x, seed=0)
    touched = (sometimes != x).any(axis=(1, 2))
    assert 5 < touched.sum() < 40
    assert np.array_equal(sometimes[touched], always[touched])


def test_seeds_may_be_any_integer():
    x = np.ones((2, 1, 8))
    results = [variate.Scaling()(x, seed=s) for s in (0, -1, 2**70, np.int64(5))]
    assert len({r.tobytes() for r in results}) == 4
