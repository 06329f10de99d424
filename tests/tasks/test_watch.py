import numpy as np

from variate.tasks import watch
from variate.tasks.data.make_watch import windows
from variate.tasks.fcn import split
from variate.tasks.study import person_for


def test_what_ships():
    # Breaks if the file is made anew with other windows, people or units, which would change every result of the demo.
    panel, names = watch.load()
    assert panel.values.shape == (690, len(watch.CHANNELS), 100)
    assert panel.values.dtype == np.float32
    assert set(names) == set(watch.EXERCISES)
    assert np.bincount(panel.label).tolist() == [112, 108, 114, 108, 72, 88, 88]
    assert np.unique(panel.extra["subject"]).tolist() == [2, 4, 5, 6, 7, 9]
    gravity = np.median(np.sqrt((panel.values[:, :3] ** 2).sum(axis=1)))
    assert 0.9 < gravity < 1.2  # in g; m/s² would be near 10


def test_ids_name_the_windows():
    # Breaks if ids are places in the array: then a selection would draw other random numbers.
    panel, _ = watch.load()
    assert len(set(panel.ids.tolist())) == panel.n
    assert (panel.ids // 100 == panel.extra["segment"]).all()


def test_a_recording_is_one_person_one_exercise_one_arm():
    # Breaks if rows were shuffled against their fields.
    panel, _ = watch.load()
    for segment in np.unique(panel.extra["segment"]):
        of = panel.extra["segment"] == segment
        assert len({*zip(panel.label[of], panel.extra["subject"][of], panel.extra["side"][of], strict=True)}) == 1


def test_no_subject_on_both_sides_of_a_split():
    # Breaks if the split is by window: neighbours of one recording would then leak.
    panel, _ = watch.load()
    for seed in range(12):
        train, test = split(panel, "subject", [person_for(seed, [2, 4, 5, 6, 7, 9])])
        assert not set(train.extra["subject"]) & set(test.extra["subject"])
        assert not set(train.ids.tolist()) & set(test.ids.tolist())
        assert train.n + test.n == panel.n


def test_six_seeds_train_on_each_person_once():
    # Breaks if the seed draws people with replacement: some would never be trained on.
    people = [2, 4, 5, 6, 7, 9]
    assert sorted(person_for(seed, people) for seed in range(6)) == people
    assert sorted(person_for(seed, people) for seed in range(6, 12)) == people


def test_windows_average_pairs_and_do_not_overlap():
    # Breaks if every second reading is dropped instead (aliasing), or windows overlap (the same reading twice).
    readings = np.arange(2 * 250 + 1.0)[:, None]
    cut = windows(readings)
    assert cut.shape == (2, 1, 100)
    assert cut.ravel().tolist() == (2 * np.arange(200) + 0.5).tolist()
