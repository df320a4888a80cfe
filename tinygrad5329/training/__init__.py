"""Training: the report's models, plain loops and a trainer, checkpoints, metrics, figures and reports."""

from __future__ import annotations

from tinygrad5329.atomic import write_atomically
from tinygrad5329.training.blas_threads import suited_blas_threads
from tinygrad5329.training.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from tinygrad5329.training.config import RunConfig
from tinygrad5329.training.early_stopping import EarlyStopping
from tinygrad5329.training.environment import describe_environment
from tinygrad5329.training.history import read_history, write_history
from tinygrad5329.training.interrupt import TrainingInterrupted
from tinygrad5329.training.loops import DivergenceError, Totals, evaluate, predict, predict_proba, train_epoch
from tinygrad5329.training.metrics import ClassificationMetrics, classification_metrics
from tinygrad5329.training.models import baseline, best_model, count_parameters, initialise_kaiming
from tinygrad5329.training.page import Page, inline_svg
from tinygrad5329.training.plots import plot_confusion, plot_history, save_figure
from tinygrad5329.training.tensorboard import TensorBoard
from tinygrad5329.training.trainer import Trainer

__all__ = [
    "CheckpointError",
    "ClassificationMetrics",
    "DivergenceError",
    "EarlyStopping",
    "Page",
    "RunConfig",
    "TensorBoard",
    "Totals",
    "Trainer",
    "TrainingInterrupted",
    "baseline",
    "best_model",
    "classification_metrics",
    "count_parameters",
    "describe_environment",
    "evaluate",
    "initialise_kaiming",
    "inline_svg",
    "load_checkpoint",
    "plot_confusion",
    "plot_history",
    "predict",
    "predict_proba",
    "read_history",
    "save_checkpoint",
    "save_figure",
    "suited_blas_threads",
    "train_epoch",
    "write_atomically",
    "write_history",
]
