"""Adapters for PyTorch: augmentation in a DataLoader or in a model, and networks to try it with.

``Collate`` augments whole batches and pads series of different lengths; ``AugmentedDataset`` augments one sample at a
time. What a sample becomes depends on the pipeline, the seed, the epoch and the sample, never on the number of workers,
their start method, the batch size or the order. ``Augment`` is a layer that augments on the model's device in training
and does nothing in evaluation; it counts its own steps.

``FCN`` tells classes apart [wang2017], ``UNet`` gives each step a logit of being anomalous [gao2020], ``DLinear``
forecasts by two linear maps [zeng2023].

>>> import torch, variate
>>> from variate.torch import FCN, Collate
>>> samples = [(torch.sin(torch.arange(50.0) / (i + 2))[None], i % 2) for i in range(8)]
>>> collate = Collate(variate.Jitter(sigma=0.05), seed=0)
>>> loader = torch.utils.data.DataLoader(samples, batch_size=4, collate_fn=collate)
>>> for epoch in range(2):
...     collate.set_epoch(epoch)
...     for x, y in loader:
...         loss = torch.nn.functional.cross_entropy(FCN(channels=1, classes=2, width=8)(x), y)
>>> x.shape, y.tolist()
(torch.Size([4, 1, 50]), [0, 1, 0, 1])
"""

from variate.torch.collate import Collate
from variate.torch.dataset import AugmentedDataset
from variate.torch.module import Augment
from variate.torch.nets import FCN, MQRNN, DeepAR, DLinear, TransformerForecaster, UNet

__all__ = ["FCN", "MQRNN", "Augment", "AugmentedDataset", "Collate", "DLinear", "DeepAR", "TransformerForecaster", "UNet"]
