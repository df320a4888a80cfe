"""Data sets, samplers and loaders (``torch.utils.data``), preprocessing, and the report's data.

Preprocessing is in :mod:`tinygrad5329.utils.data.transforms`, data that can be loaded by name in
:mod:`tinygrad5329.utils.data.datasets`.
"""

from tinygrad5329.utils.data.collate import default_collate, default_convert
from tinygrad5329.utils.data.dataloader import DataLoader
from tinygrad5329.utils.data.dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from tinygrad5329.utils.data.distributed import DistributedSampler
from tinygrad5329.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from tinygrad5329.utils.data.worker_info import WorkerInfo, get_worker_info

__all__ = [
    "BatchSampler",
    "ChainDataset",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "DistributedSampler",
    "IterableDataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "StackDataset",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "WorkerInfo",
    "default_collate",
    "default_convert",
    "get_worker_info",
    "random_split",
]
