"""Operators that compute nothing: zero by decision, so that a name here is a statement and no oversight.

Views are known from their schemas. What is here moves, looks up, compares, sorts, fills, draws or converts.
"""

from __future__ import annotations

from convcost.operators.interface import FREE, Operator, nothing, same

LOOKUPS = (
    *("embedding", "embedding_renorm", "index", "index_select", "gather", "take", "take_along_dim"),
    *(
        "masked_select",
        "nonzero",
        "nonzero_static",
        "bucketize",
        "searchsorted",
        "_unsafe_index",
        "_unsafe_masked_index",
    ),
    "one_hot",
)

MOVES = (
    *("cat", "stack", "concat", "hstack", "vstack", "repeat", "repeat_interleave", "tile", "roll", "flip"),
    *("rot90", "clone", "contiguous", "copy", "_to_copy", "to", "_unsafe_view", "constant_pad_nd", "pad"),
    *("reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "replication_pad1d", "replication_pad2d"),
    *("replication_pad3d", "im2col", "unfold_copy", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle"),
    *("native_channel_shuffle", "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d"),
    *("_upsample_nearest_exact1d", "_upsample_nearest_exact2d", "_upsample_nearest_exact3d"),
    *("masked_fill", "masked_scatter", "scatter", "index_copy", "index_fill", "tril", "triu", "resize"),
    *("_reshape_alias", "_reshape_copy", "lift", "lift_fresh", "lift_fresh_copy", "set_", "block_diag"),
    *("_pack_padded_sequence", "_pad_packed_sequence", "slice_scatter", "select_scatter", "fill_diagonal"),
    *("_nested_tensor_from_mask", "meshgrid", "cartesian_prod", "view_as_complex", "complex"),
    *("max_unpool2d", "max_unpool3d", "detach_", "resize_as", "_efficientzerotensor", "where"),
    *("_sparse_coo_tensor_with_dims_and_tensors", "_sparse_coo_tensor_unsafe", "_coalesced", "_to_sparse"),
    *("unsafe_split", "unsafe_split_with_sizes", "diag_embed", "diagonal_scatter", "as_strided_scatter"),
    *("view_copy", "expand_copy", "permute_copy", "transpose_copy", "t_copy", "squeeze_copy", "split_copy"),
    *("unsqueeze_copy", "unbind_copy", "split_with_sizes_copy", "alias_copy", "as_strided_copy", "lu_unpack"),
    *("narrow_copy", "diagonal_copy"),
)

SEARCHES = (
    *("sort", "topk", "argsort", "argmax", "argmin", "kthvalue", "unique", "_unique2", "unique_consecutive"),
    *("unique_dim", "bincount", "histc", "any", "all", "equal", "isin", "allclose", "is_nonzero", "mode"),
    *("count_nonzero", "histogram", "_local_scalar_dense", "item", "isclose", "is_same_size"),
)

FILLS = (
    *("to_padded_tensor", "_nested_from_padded", "_nested_from_padded_tensor", "_nested_tensor_from_mask"),
    *("_nested_tensor_from_mask_left_aligned", "_nested_tensor_from_tensor_list", "_nested_tensor_size"),
    *(
        "_nested_tensor_strides",
        "_nested_tensor_storage_offsets",
        "_nested_get_offsets",
        "_nested_get_values",
    ),
    *("_padded_dense_to_jagged_forward", "_jagged_to_padded_dense_forward", "_nested_select_backward"),
    *("empty", "empty_like", "empty_strided", "empty_permuted", "new_empty", "new_empty_strided", "zeros"),
    *("zeros_like", "new_zeros", "ones", "ones_like", "new_ones", "full", "full_like", "new_full", "fill"),
    *("zero", "arange", "range", "linspace", "logspace", "eye", "scalar_tensor", "tril_indices"),
    *("triu_indices", "hann_window", "hamming_window", "_efficientzerotensor", "from_file"),
)

DRAWS = (
    *("rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "bernoulli"),
    *("normal", "uniform", "random", "exponential", "multinomial", "poisson", "geometric", "cauchy"),
    *("log_normal", "native_dropout", "_fused_dropout"),
)

DROPOUTS = ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
"""Nothing in training either, so that the count is one for both modes."""

OPERATORS = {
    **dict.fromkeys((*LOOKUPS, *MOVES, *SEARCHES, *FILLS, *DRAWS), FREE),
    "roll": Operator(nothing, same, is_same=True),
    **dict.fromkeys(DROPOUTS, Operator(nothing, same, is_same=True)),
}
