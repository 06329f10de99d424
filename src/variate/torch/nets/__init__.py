"""Networks to measure an augmentation with."""

from variate.torch.nets.d_linear import DLinear
from variate.torch.nets.deep_ar import DeepAR
from variate.torch.nets.fcn import FCN
from variate.torch.nets.mqrnn import MQRNN
from variate.torch.nets.transformer import TransformerForecaster
from variate.torch.nets.u_net import UNet

__all__ = ["FCN", "MQRNN", "DLinear", "DeepAR", "TransformerForecaster", "UNet"]
