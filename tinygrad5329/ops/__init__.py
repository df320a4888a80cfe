"""Every operation of the engine, one family a file: its forward, its gradient rules, its public function."""

from __future__ import annotations

from tinygrad5329.ops import activation as _activation
from tinygrad5329.ops import arithmetic as _arithmetic
from tinygrad5329.ops import choosing as _choosing
from tinygrad5329.ops import comparison as _comparison
from tinygrad5329.ops import convert as _convert
from tinygrad5329.ops import dropout as _dropout
from tinygrad5329.ops import einsum as _einsum
from tinygrad5329.ops import gelu as _gelu
from tinygrad5329.ops import indexing as _indexing
from tinygrad5329.ops import inplace as _inplace
from tinygrad5329.ops import joining as _joining
from tinygrad5329.ops import linalg as _linalg
from tinygrad5329.ops import loss as _loss
from tinygrad5329.ops import normalization as _normalization
from tinygrad5329.ops import padding as _padding
from tinygrad5329.ops import pointwise as _pointwise
from tinygrad5329.ops import rearranging as _rearranging
from tinygrad5329.ops import reduction as _reduction
from tinygrad5329.ops import shaping as _shaping
from tinygrad5329.ops import update as _update
from tinygrad5329.ops.activation import *
from tinygrad5329.ops.arithmetic import *
from tinygrad5329.ops.choosing import *
from tinygrad5329.ops.comparison import *
from tinygrad5329.ops.convert import *
from tinygrad5329.ops.dropout import *
from tinygrad5329.ops.einsum import *
from tinygrad5329.ops.gelu import *
from tinygrad5329.ops.indexing import *
from tinygrad5329.ops.inplace import *
from tinygrad5329.ops.joining import *
from tinygrad5329.ops.linalg import *
from tinygrad5329.ops.loss import *
from tinygrad5329.ops.namespace import TENSORS as TENSORS
from tinygrad5329.ops.normalization import *
from tinygrad5329.ops.padding import *
from tinygrad5329.ops.pointwise import *
from tinygrad5329.ops.primitive import REGISTRY as REGISTRY
from tinygrad5329.ops.primitive import Primitive as Primitive
from tinygrad5329.ops.promote import result_type as result_type
from tinygrad5329.ops.rearranging import *
from tinygrad5329.ops.reduction import *
from tinygrad5329.ops.shaping import *
from tinygrad5329.ops.update import *

__all__ = [
    *_activation.__all__,
    *_arithmetic.__all__,
    *_choosing.__all__,
    *_comparison.__all__,
    *_convert.__all__,
    *_dropout.__all__,
    *_einsum.__all__,
    *_gelu.__all__,
    *_indexing.__all__,
    *_inplace.__all__,
    *_joining.__all__,
    *_linalg.__all__,
    *_loss.__all__,
    *_normalization.__all__,
    *_padding.__all__,
    *_pointwise.__all__,
    *_rearranging.__all__,
    *_reduction.__all__,
    *_shaping.__all__,
    *_update.__all__,
]
