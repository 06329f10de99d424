"""Losses: torch's own where they meet, the formulas written out where they do not, finite differences, and what is refused."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional

from variate.core.errors import PanelError, ParameterError
from variate.imbalance.losses import cost_sensitive, focal, pointwise
from variate.imbalance.weights import class_weights

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(9, 4, dtype=torch.float64, generator=GENERATOR) * 2
STEPS = torch.randn(5, 4, 7, dtype=torch.float64, generator=GENERATOR) * 2
TARGET = torch.tensor([0, 1, 2, 3, 0, 0, 0, 1, 0])
POINTS = torch.randint(4, (5, 7), generator=GENERATOR)
SOFT = torch.rand(9, 4, dtype=torch.float64, generator=GENERATOR)
SOFT_STEPS = torch.rand(5, 4, 7, dtype=torch.float64, generator=GENERATOR)
WEIGHTS = torch.tensor([0.2, 1.0, 0.7, 3.0], dtype=torch.float64)
MATRIX = torch.rand(4, 4, dtype=torch.float64, generator=GENERATOR) + 0.1
BINARY = torch.randn(5, 7, dtype=torch.float64, generator=GENERATOR) * 2
EVENTS = torch.rand(5, 7, dtype=torch.float64, generator=GENERATOR)
OMEGA = 1 + torch.rand(5, 7, dtype=torch.float64, generator=GENERATOR)
CLASS_LOSSES = [
    cost_sensitive,
    focal,
    lambda *a, **k: cost_sensitive(*a, matrix=MATRIX, **k),
    lambda *a, **k: focal(*a, gamma=0.5, **k),
]
IDS = ["cost_sensitive", "focal", "matrix", "root"]


def close(a, b):
    return torch.allclose(a, torch.as_tensor(b, dtype=a.dtype), rtol=1e-12, atol=0)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize(("logits", "target"), [(LOGITS, TARGET), (STEPS, POINTS)], ids=["classes", "points"])
def test_hard_labels_give_the_cross_entropy_of_torch(logits, target, weights):
    want = functional.cross_entropy(logits, target, weights)
    assert close(cost_sensitive(logits, target, weights), want)
    assert close(focal(logits, target, 0, weights), want)
    assert close(cost_sensitive(logits, target, weights, matrix=torch.ones(4, 4)), want)
    single = cost_sensitive(logits.float(), target, weights)
    assert single.dtype == torch.float32
    assert torch.allclose(single.double(), want, rtol=1e-5)


def test_equal_classes_give_the_plain_loss():
    even = torch.arange(8) % 4
    assert close(cost_sensitive(LOGITS[:8], even, class_weights(even)), functional.cross_entropy(LOGITS[:8], even))


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_soft_labels_are_weighted_means(weights):
    """One-hot class weights give what classes give; else it is the formula, label by label."""
    assert close(cost_sensitive(LOGITS, functional.one_hot(TARGET), weights), cost_sensitive(LOGITS, TARGET, weights))
    w = torch.ones(4) if weights is None else weights
    p = LOGITS.softmax(1)
    top = sum(w[c] * SOFT[i, c] * -p[i, c].log() for i in range(9) for c in range(4))
    bottom = sum(w[c] * SOFT[i, c] for i in range(9) for c in range(4))
    assert close(cost_sensitive(LOGITS, SOFT, weights), top / bottom)
    top = sum(w[c] * SOFT[i, c] * -p[i, c].log() * (1 - p[i, c]) ** 3 for i in range(9) for c in range(4))
    assert close(focal(LOGITS, SOFT, 3, weights), top / bottom)
    share = SOFT / SOFT.sum(1, keepdim=True)
    assert close(cost_sensitive(LOGITS, share), functional.cross_entropy(LOGITS, share))


def test_a_cost_matrix_is_the_formula():
    p, total = LOGITS.softmax(1), 0
    for i, y in enumerate(TARGET):
        total -= torch.log(p[i, y] * MATRIX[y, y] / sum(p[i, j] * MATRIX[y, j] for j in range(4)))
    assert close(cost_sensitive(LOGITS, TARGET, matrix=MATRIX), total / 9)
    dear = MATRIX.clone()
    dear[0, 3] *= 10  # to take class 0 for class 3
    assert cost_sensitive(LOGITS[:1], TARGET[:1], matrix=dear) > cost_sensitive(LOGITS[:1], TARGET[:1], matrix=MATRIX)
    assert close(cost_sensitive(LOGITS[1:2], TARGET[1:2], matrix=dear), cost_sensitive(LOGITS[1:2], TARGET[1:2], matrix=MATRIX))
    far = torch.tensor([[500.0, -500.0]], requires_grad=True)
    cost_sensitive(far, torch.tensor([1]), matrix=torch.ones(2, 2)).backward()
    assert torch.allclose(far.grad, torch.tensor([[1.0, -1.0]]))


@pytest.mark.parametrize("loss", CLASS_LOSSES, ids=IDS)
@pytest.mark.parametrize(
    ("logits", "target"),
    [(LOGITS, TARGET), (LOGITS, SOFT), (STEPS, POINTS), (STEPS, SOFT_STEPS)],
    ids=["n", "soft n", "nt", "soft nt"],
)
def test_gradients_are_finite_differences(loss, logits, target):
    places = logits[:, 0].shape
    mask = torch.rand(places, generator=torch.Generator().manual_seed(1)) < 0.7
    sample_weight = torch.rand(len(logits), dtype=torch.float64) + 0.5
    given = {"mask": mask, "sample_weight": sample_weight}
    assert torch.autograd.gradcheck(lambda z, w: loss(z, target, weights=w, **given), (leaf(logits), leaf(WEIGHTS)))
    if target.is_floating_point():
        assert torch.autograd.gradcheck(lambda q: loss(logits, q, weights=WEIGHTS, **given), (leaf(target),))


def leaf(tensor):
    return tensor.clone().requires_grad_()


@pytest.mark.parametrize("loss", CLASS_LOSSES, ids=IDS)
def test_the_gradient_of_a_sample_scales_with_the_weight_of_its_class(loss):
    def slopes(weights):
        z = leaf(LOGITS)
        loss(z, TARGET, weights=weights).backward()
        return z.grad * weights[TARGET].sum()  # what they all share taken out

    weights = WEIGHTS.clone()
    weights[1] *= 5
    before, after = slopes(WEIGHTS), slopes(weights)
    factor = torch.where(TARGET == 1, 5.0, 1.0)[:, None]
    assert torch.allclose(after, before * factor, rtol=1e-10)


@pytest.mark.parametrize("loss", CLASS_LOSSES, ids=IDS)
@pytest.mark.parametrize("soft", [False, True])
def test_sample_weights_count_samples(loss, soft):
    """A whole weight is so many samples more; a weight of 0 and a mask are none."""
    target = SOFT if soft else TARGET
    times = torch.tensor([1, 2, 0, 1, 3, 1, 0, 1, 1])
    rows = torch.repeat_interleave(torch.arange(9), times)
    want = loss(LOGITS[rows], target[rows], weights=WEIGHTS)
    assert close(loss(LOGITS, target, weights=WEIGHTS, sample_weight=times), want)
    assert close(loss(LOGITS, target, weights=WEIGHTS, sample_weight=times.clamp(min=1), mask=times > 0), want)


@pytest.mark.parametrize("loss", CLASS_LOSSES, ids=IDS)
def test_what_is_masked_is_not_looked_at(loss):
    """Padding may hold NaN and labels that are no class, and no gradient comes of it."""
    mask = torch.ones(5, 7, dtype=torch.bool)
    mask[:, 5:] = False
    mask[3] = False
    z, labels = STEPS.clone(), POINTS.clone()
    z.movedim(1, -1)[~mask], labels[~mask] = torch.nan, -100
    z.requires_grad_()
    got = loss(z, labels, weights=WEIGHTS, mask=mask)
    kept = [0, 1, 2, 4]
    assert close(got, loss(STEPS[kept, :, :5], POINTS[kept, :5], weights=WEIGHTS))
    got.backward()
    assert torch.isfinite(z.grad).all()
    assert torch.equal((z.grad != 0).any(dim=1), mask)
    soft = torch.where(mask[:, None], SOFT_STEPS, torch.nan)
    assert close(loss(STEPS, soft, mask=mask), loss(STEPS[kept, :, :5], SOFT_STEPS[kept, :, :5]))


@pytest.mark.parametrize("loss", CLASS_LOSSES, ids=IDS)
def test_a_weight_for_each_step(loss):
    each = torch.rand(5, 7, dtype=torch.float64) + 0.1
    flat = loss(STEPS.movedim(1, -1).reshape(-1, 4), POINTS.reshape(-1), weights=WEIGHTS, sample_weight=each.reshape(-1))
    assert close(loss(STEPS, POINTS, weights=WEIGHTS, sample_weight=each), flat)
    rows = each[:, :1].expand(5, 7)
    assert close(loss(STEPS, POINTS, sample_weight=each[:, 0]), loss(STEPS, POINTS, sample_weight=rows))


@pytest.mark.parametrize("loss", [*CLASS_LOSSES, pointwise], ids=[*IDS, "pointwise"])
def test_where_nothing_counts_the_loss_is_0(loss):
    binary = loss is pointwise
    z = leaf(BINARY if binary else STEPS)
    target = EVENTS if binary else POINTS
    for got in (loss(z, target, mask=torch.zeros(5, 7, dtype=torch.bool)), loss(z[:0], target[:0])):
        assert got.item() == 0
        assert torch.equal(torch.autograd.grad(got, z, retain_graph=True)[0], torch.zeros_like(z))


@pytest.mark.parametrize("loss", CLASS_LOSSES, ids=IDS)
@pytest.mark.parametrize("far", [1e4, torch.inf])
def test_what_is_certain_costs_nothing_and_is_finite(loss, far):
    z = torch.tensor([[0.0, -far, -far, -far], [0.0, 0.0, -far, -far]], requires_grad=True)
    got = loss(z, torch.tensor([0, 1]))
    assert torch.isfinite(got)
    got.backward()
    assert torch.isfinite(z.grad).all()


def test_easy_samples_hardly_count():
    easy, hard = torch.tensor([[5.0, 0.0]]), torch.tensor([[-1.0, 0.0]])
    for z, most in ((easy, 1e-3), (hard, 0.99)):
        ratio = focal(z, torch.tensor([0])) / focal(z, torch.tensor([0]), gamma=0)
        p = z.softmax(1)[0, 0]
        assert torch.allclose(ratio, (1 - p) ** 2, rtol=1e-4)
        assert ratio < most


@pytest.mark.parametrize("weights", [None, OMEGA])
def test_point_labels_are_weighted_means(weights):
    w = torch.ones(5, 7) if weights is None else weights
    p = BINARY.sigmoid()
    want = -(w * (EVENTS * p.log() + (1 - EVENTS) * (1 - p).log())).sum() / w.sum()
    assert close(pointwise(BINARY, EVENTS, weights), want)
    hard = EVENTS > 0.5
    for points in (hard, hard.long(), hard.numpy(), hard.tolist()):
        assert close(
            pointwise(BINARY, points, weights),
            functional.binary_cross_entropy_with_logits(BINARY, hard.double(), w, reduction="sum") / w.sum(),
        )
    stacked = torch.stack([torch.zeros_like(BINARY), BINARY], dim=1)
    assert close(pointwise(BINARY, hard, weights), cost_sensitive(stacked, hard, sample_weight=w))


def test_point_labels_masked_and_weighted():
    mask = torch.rand(5, 7, generator=torch.Generator().manual_seed(2)) < 0.6
    each = torch.rand(5, dtype=torch.float64) + 0.5
    z, points = torch.where(mask, BINARY, torch.nan).requires_grad_(), torch.where(mask, EVENTS, -7)
    got = pointwise(z, points, OMEGA, mask=mask, sample_weight=each)
    loss = functional.binary_cross_entropy_with_logits(BINARY, EVENTS, reduction="none")
    omega = (OMEGA * each[:, None])[mask]
    assert close(got, (omega * loss[mask]).sum() / omega.sum())
    got.backward()
    assert torch.equal(z.grad != 0, mask)
    assert torch.isfinite(z.grad).all()
    assert torch.autograd.gradcheck(
        lambda z, m, w: pointwise(z, m, w, mask=mask, sample_weight=each), (leaf(BINARY), leaf(EVENTS), leaf(OMEGA))
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_computes_in_single(dtype):
    for loss, z, target in ((cost_sensitive, STEPS, POINTS), (focal, STEPS, POINTS), (pointwise, BINARY, EVENTS)):
        got = loss(z.to(dtype), target)
        assert got.dtype == torch.float32
        assert torch.equal(got, loss(z.to(dtype).float(), target))


def test_arrays_and_lists_are_labels_too():
    fixed = TARGET.numpy()
    fixed.flags.writeable = False
    for target in (fixed, TARGET.tolist(), TARGET.to(torch.uint8), TARGET.int()):
        assert close(cost_sensitive(LOGITS, target, WEIGHTS.tolist()), functional.cross_entropy(LOGITS, TARGET, WEIGHTS))
    assert close(cost_sensitive(LOGITS[:, :2], TARGET > 0), functional.cross_entropy(LOGITS[:, :2], (TARGET > 0).long()))


REFUSED = [
    ((LOGITS.numpy(), TARGET), {}, "logits have type ndarray; they must be a tensor of floats"),
    ((LOGITS[0], TARGET), {}, r"logits have shape \(4,\), torch.float64; .* \(n, classes\), or \(n, classes, time\)"),
    ((LOGITS.long(), TARGET), {}, "torch.int64; they must be a tensor of floats"),
    (
        (LOGITS, TARGET[:5]),
        {},
        r"target has shape \(5,\) and dtype torch.int64; logits \(9, 4\) need classes \(9,\), integers, or class",
    ),
    ((LOGITS, TARGET.double()), {}, "target has shape .*dtype torch.float64; "),
    ((LOGITS, SOFT[:, :3]), {}, r"target has shape \(9, 3\) .* or class weights \(9, 4\)"),
    ((STEPS, POINTS.T), {}, r"target has shape \(7, 5\) .* logits \(5, 4, 7\) need classes \(5, 7\)"),
    ((LOGITS, TARGET + 1), {}, r"target has classes from 1 to 4, and logits \(9, 4\) know 0 … 3"),
    ((LOGITS, TARGET - 1), {}, "target has classes from -1 to 2"),
    ((LOGITS, TARGET, WEIGHTS[:3]), {}, r"weights has shape \(3,\); these logits need \(4,\)"),
    ((LOGITS, TARGET), {"mask": torch.ones(4, dtype=torch.bool)}, r"mask has shape \(4,\) .* booleans \(9,\)"),
    ((LOGITS, TARGET), {"mask": torch.ones(9)}, "mask has shape .* dtype torch.float32; it must be booleans"),
    ((STEPS, POINTS), {"mask": torch.ones(5, dtype=torch.bool)}, r"it must be booleans \(5, 7\)"),
    ((LOGITS, TARGET), {"sample_weight": torch.ones(4)}, r"sample_weight has shape \(4,\); it must be \(9,\)$"),
    ((STEPS, POINTS), {"sample_weight": torch.ones(7)}, r"sample_weight has shape \(7,\); it must be \(5,\), or \(5, 7\)$"),
]


@pytest.mark.parametrize(
    "loss", [cost_sensitive, lambda *a, **k: focal(*a[:2], 2, *a[2:], **k)], ids=["cost_sensitive", "focal"]
)
@pytest.mark.parametrize(("args", "asked", "sentence"), REFUSED, ids=lambda v: v if isinstance(v, str) else "")
def test_what_is_refused(loss, args, asked, sentence):
    with pytest.raises(PanelError, match=sentence):
        loss(*args, **asked)


@pytest.mark.parametrize(
    ("args", "asked", "sentence"),
    [
        ((STEPS, EVENTS), {}, r"logits have shape \(5, 4, 7\), torch.float64; .* \(n, time\); .* take logits\[:, 0\]"),
        ((BINARY, EVENTS[:3]), {}, r"points has shape \(3, 7\); these logits need \(5, 7\)"),
        ((BINARY, EVENTS + 1), {}, "points hold a value outside 0 … 1"),
        ((BINARY, EVENTS, OMEGA[0]), {}, r"weights has shape \(7,\); these logits need \(5, 7\)"),
        ((BINARY, EVENTS), {"mask": torch.ones(5, dtype=torch.bool)}, r"booleans \(5, 7\)"),
    ],
)
def test_what_pointwise_refuses(args, asked, sentence):
    with pytest.raises(PanelError, match=sentence):
        pointwise(*args, **asked)


def test_parameters_that_are_none_are_refused():
    with pytest.raises(ParameterError, match=r"focal\(gamma=-1\): gamma must be at least 0"):
        focal(LOGITS, TARGET, gamma=-1)
    with pytest.raises(PanelError, match="matrix holds a cost that is not above 0"):
        cost_sensitive(LOGITS, TARGET, matrix=torch.eye(4))
    with pytest.raises(PanelError, match=r"matrix has shape \(4,\); these logits need \(4, 4\)"):
        cost_sensitive(LOGITS, TARGET, matrix=WEIGHTS)


def test_only_the_losses_load_torch():
    code = "import sys, variate.imbalance.oversample, variate.imbalance.weights; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == "False\n"


def test_inputs_are_not_written_to():
    given = [t.clone() for t in (STEPS, POINTS, WEIGHTS, BINARY, EVENTS, OMEGA)]
    mask = torch.zeros(5, 7, dtype=torch.bool)
    focal(STEPS, POINTS, 2, WEIGHTS, mask=mask)
    pointwise(BINARY, EVENTS, OMEGA, mask=mask)
    assert all(torch.equal(a, b) for a, b in zip(given, (STEPS, POINTS, WEIGHTS, BINARY, EVENTS, OMEGA), strict=True))
    assert np.array_equal(mask, np.zeros((5, 7), bool))
