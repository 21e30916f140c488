"""Every family of deliberate errors, in the order in which they are tried."""

from benchmarks.mutations.errors.attention import ATTENTION, ATTENTION_LAYERS
from benchmarks.mutations.errors.convolution import CONVOLUTION
from benchmarks.mutations.errors.criteria import CRITERIA
from benchmarks.mutations.errors.dense import DENSE
from benchmarks.mutations.errors.distance import DISTANCE, FRACTIONAL_POOLING, UNPOOLING
from benchmarks.mutations.errors.elementwise import ACTIVATION, ELEMENTWISE
from benchmarks.mutations.errors.estimates import FOOTPRINTS, ROOFLINES
from benchmarks.mutations.errors.gradients import GRADIENTS
from benchmarks.mutations.errors.layer_gradients import DESIGN_GRADIENTS, LAYER_GRADIENTS
from benchmarks.mutations.errors.losses import LOSSES
from benchmarks.mutations.errors.normalization import NORMALIZATION, NORMALIZED
from benchmarks.mutations.errors.padding import PADDING
from benchmarks.mutations.errors.pooling import POOLED, POOLING
from benchmarks.mutations.errors.products import CONTRACTION, CONVOLVED, FOURIER
from benchmarks.mutations.errors.rearrangement import REARRANGEMENT
from benchmarks.mutations.errors.recurrent import RECURRENT, SEQUENCES
from benchmarks.mutations.errors.search import SEARCH
from benchmarks.mutations.errors.shaping import SHAPING
from benchmarks.mutations.errors.taps import TAPS
from benchmarks.mutations.errors.totals import DTYPES, NETWORK, TOTALS
from benchmarks.mutations.errors.transformers import TRANSFORMERS
from benchmarks.mutations.errors.transposed import TRANSPOSED
from benchmarks.mutations.errors.upsampling import UPSAMPLING

FAMILIES = (
    *(CONVOLUTION, TRANSPOSED, TAPS, DENSE, NORMALIZATION, POOLING, ACTIVATION, PADDING),
    *(ATTENTION_LAYERS, TRANSFORMERS, REARRANGEMENT, SEQUENCES, SHAPING, UPSAMPLING),
    *(DISTANCE, UNPOOLING, FRACTIONAL_POOLING, CRITERIA),
    *(CONTRACTION, CONVOLVED, ATTENTION, RECURRENT, NORMALIZED, POOLED, ELEMENTWISE, FOURIER, LOSSES),
    *(LAYER_GRADIENTS, DESIGN_GRADIENTS, GRADIENTS, NETWORK, TOTALS, DTYPES, ROOFLINES, FOOTPRINTS),
    SEARCH,
)
