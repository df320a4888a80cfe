"""Every operation of the engine, one family a file: its forward, its gradient rules, its public function."""

from __future__ import annotations

from tinygrad5329.ops import activation as _activation
from tinygrad5329.ops import adaptive_pooling as _adaptive_pooling
from tinygrad5329.ops import angles as _angles
from tinygrad5329.ops import arithmetic as _arithmetic
from tinygrad5329.ops import asking as _asking
from tinygrad5329.ops import attention as _attention
from tinygrad5329.ops import average_pooling as _average_pooling
from tinygrad5329.ops import bessel_functions as _bessel_functions
from tinygrad5329.ops import binning as _binning
from tinygrad5329.ops import block_matrices as _block_matrices
from tinygrad5329.ops import choosing as _choosing
from tinygrad5329.ops import comparison as _comparison
from tinygrad5329.ops import complex_numbers as _complex_numbers
from tinygrad5329.ops import convert as _convert
from tinygrad5329.ops import convolutions as _convolutions
from tinygrad5329.ops import decompositions as _decompositions
from tinygrad5329.ops import diagonals as _diagonals
from tinygrad5329.ops import differences as _differences
from tinygrad5329.ops import distances as _distances
from tinygrad5329.ops import dropout as _dropout
from tinygrad5329.ops import einsum as _einsum
from tinygrad5329.ops import elementwise_python as elementwise_python
from tinygrad5329.ops import embedding as _embedding
from tinygrad5329.ops import embedding_bag as _embedding_bag
from tinygrad5329.ops import expanding as _expanding
from tinygrad5329.ops import float_parts as _float_parts
from tinygrad5329.ops import folding as _folding
from tinygrad5329.ops import gamma_functions as _gamma_functions
from tinygrad5329.ops import gelu as _gelu
from tinygrad5329.ops import grid_sampling as _grid_sampling
from tinygrad5329.ops import grids as _grids
from tinygrad5329.ops import indexing as _indexing
from tinygrad5329.ops import inplace_variants as _inplace_variants
from tinygrad5329.ops import integers as _integers
from tinygrad5329.ops import joining as _joining
from tinygrad5329.ops import linalg as _linalg
from tinygrad5329.ops import logarithms as _logarithms
from tinygrad5329.ops import loss as _loss
from tinygrad5329.ops import max_pooling as _max_pooling
from tinygrad5329.ops import normalization as _normalization
from tinygrad5329.ops import padding as _padding
from tinygrad5329.ops import picking as _picking
from tinygrad5329.ops import placing as _placing
from tinygrad5329.ops import pointwise as _pointwise
from tinygrad5329.ops import rearranging as _rearranging
from tinygrad5329.ops import recurrent as _recurrent
from tinygrad5329.ops import reduction as _reduction
from tinygrad5329.ops import relayout as _relayout
from tinygrad5329.ops import renormalization as _renormalization
from tinygrad5329.ops import repeating as _repeating
from tinygrad5329.ops import scaled_additions as _scaled_additions
from tinygrad5329.ops import scaled_products as _scaled_products
from tinygrad5329.ops import scattering as _scattering
from tinygrad5329.ops import segments as _segments
from tinygrad5329.ops import shaping as _shaping
from tinygrad5329.ops import short_time_fourier as _short_time_fourier
from tinygrad5329.ops import shuffling as _shuffling
from tinygrad5329.ops import sorted_search as _sorted_search
from tinygrad5329.ops import splitting as _splitting
from tinygrad5329.ops import statistics as _statistics
from tinygrad5329.ops import strides as _strides
from tinygrad5329.ops import uniqueness as _uniqueness
from tinygrad5329.ops import update as _update
from tinygrad5329.ops import vandermonde as _vandermonde
from tinygrad5329.ops import vectors as _vectors
from tinygrad5329.ops import view_copies as _view_copies
from tinygrad5329.ops import view_scatters as _view_scatters
from tinygrad5329.ops.activation import *
from tinygrad5329.ops.adaptive_pooling import *
from tinygrad5329.ops.angles import *
from tinygrad5329.ops.arguments import explain_all as _explain_all
from tinygrad5329.ops.arguments import explain_methods as _explain_methods
from tinygrad5329.ops.arithmetic import *
from tinygrad5329.ops.asking import *
from tinygrad5329.ops.attention import *
from tinygrad5329.ops.average_pooling import *
from tinygrad5329.ops.bessel_functions import i0
from tinygrad5329.ops.binning import *
from tinygrad5329.ops.block_matrices import *
from tinygrad5329.ops.choosing import *
from tinygrad5329.ops.comparison import *
from tinygrad5329.ops.complex_numbers import *
from tinygrad5329.ops.convert import *
from tinygrad5329.ops.convolutions import *
from tinygrad5329.ops.decompositions import *
from tinygrad5329.ops.diagonals import *
from tinygrad5329.ops.differences import *
from tinygrad5329.ops.distances import *
from tinygrad5329.ops.dropout import *
from tinygrad5329.ops.einsum import *
from tinygrad5329.ops.embedding import *
from tinygrad5329.ops.embedding_bag import *
from tinygrad5329.ops.expanding import *
from tinygrad5329.ops.float_parts import *
from tinygrad5329.ops.folding import *
from tinygrad5329.ops.gamma_functions import *
from tinygrad5329.ops.gelu import *
from tinygrad5329.ops.grid_sampling import *
from tinygrad5329.ops.grids import *
from tinygrad5329.ops.indexing import *
from tinygrad5329.ops.inplace_variants import *
from tinygrad5329.ops.integers import *
from tinygrad5329.ops.joining import *
from tinygrad5329.ops.linalg import *
from tinygrad5329.ops.logarithms import *
from tinygrad5329.ops.loss import *
from tinygrad5329.ops.max_pooling import *
from tinygrad5329.ops.namespace import TENSORS as TENSORS
from tinygrad5329.ops.normalization import *
from tinygrad5329.ops.padding import *
from tinygrad5329.ops.picking import *
from tinygrad5329.ops.placing import *
from tinygrad5329.ops.pointwise import *
from tinygrad5329.ops.primitive import REGISTRY as REGISTRY
from tinygrad5329.ops.primitive import Primitive as Primitive
from tinygrad5329.ops.promote import result_type as result_type
from tinygrad5329.ops.rearranging import *
from tinygrad5329.ops.recurrent import *
from tinygrad5329.ops.reduction import *
from tinygrad5329.ops.relayout import *
from tinygrad5329.ops.renormalization import *
from tinygrad5329.ops.repeating import *
from tinygrad5329.ops.scaled_additions import *
from tinygrad5329.ops.scaled_products import *
from tinygrad5329.ops.scattering import *
from tinygrad5329.ops.segments import *
from tinygrad5329.ops.shaping import *
from tinygrad5329.ops.short_time_fourier import *
from tinygrad5329.ops.shuffling import *
from tinygrad5329.ops.sorted_search import *
from tinygrad5329.ops.splitting import *
from tinygrad5329.ops.statistics import *
from tinygrad5329.ops.strides import *
from tinygrad5329.ops.uniqueness import *
from tinygrad5329.ops.update import *
from tinygrad5329.ops.vandermonde import *
from tinygrad5329.ops.vectors import *
from tinygrad5329.ops.view_copies import *
from tinygrad5329.ops.view_scatters import *
from tinygrad5329.tensor import Tensor as _Tensor

__all__ = [
    *_activation.__all__,
    *_adaptive_pooling.__all__,
    *_angles.__all__,
    *_arithmetic.__all__,
    *_asking.__all__,
    *_attention.__all__,
    *_average_pooling.__all__,
    *_binning.__all__,
    *_block_matrices.__all__,
    *_choosing.__all__,
    *_comparison.__all__,
    *_complex_numbers.__all__,
    *_convert.__all__,
    *_convolutions.__all__,
    *_decompositions.__all__,
    *_diagonals.__all__,
    *_differences.__all__,
    *_distances.__all__,
    *_dropout.__all__,
    *_einsum.__all__,
    *_embedding.__all__,
    *_embedding_bag.__all__,
    *_expanding.__all__,
    *_float_parts.__all__,
    *_folding.__all__,
    *_gamma_functions.__all__,
    *_gelu.__all__,
    *_grid_sampling.__all__,
    *_grids.__all__,
    *_indexing.__all__,
    *_inplace_variants.__all__,
    *_integers.__all__,
    *_joining.__all__,
    *_linalg.__all__,
    *_logarithms.__all__,
    *_loss.__all__,
    *_max_pooling.__all__,
    *_normalization.__all__,
    *_padding.__all__,
    *_picking.__all__,
    *_placing.__all__,
    *_pointwise.__all__,
    *_rearranging.__all__,
    *_recurrent.__all__,
    *_reduction.__all__,
    *_relayout.__all__,
    *_renormalization.__all__,
    *_repeating.__all__,
    *_scaled_additions.__all__,
    *_scaled_products.__all__,
    *_scattering.__all__,
    *_segments.__all__,
    *_shaping.__all__,
    *_short_time_fourier.__all__,
    *_shuffling.__all__,
    *_sorted_search.__all__,
    *_splitting.__all__,
    *_statistics.__all__,
    *_strides.__all__,
    *_uniqueness.__all__,
    *_update.__all__,
    *_vandermonde.__all__,
    *_vectors.__all__,
    *_view_copies.__all__,
    *_view_scatters.__all__,
    "i0",
]
_explain_all(globals(), __all__, __name__)
_explain_methods(_Tensor, "tinygrad5329.ops.")
