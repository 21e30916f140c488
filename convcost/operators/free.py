"""Operators that are deliberately counted as zero, so that a zero is never an oversight.

They move, look up, compare, sort, fill, generate or convert values. Views are not listed, as their schemas
identify them.
"""

from __future__ import annotations

from convcost.operators.interface import FREE, Operator, no_cost, same_shape

LOOKUPS = (
    *("embedding", "embedding_renorm", "index", "index_select", "gather", "take", "take_along_dim"),
    *("masked_select", "nonzero", "nonzero_static", "bucketize", "searchsorted"),
    *("_unsafe_index", "_unsafe_masked_index"),
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
    *("detach_copy", "select_copy", "slice_copy", "view_as_real_copy", "view_as_complex_copy", "_conj_copy"),
    *("_neg_view_copy", "_indices_copy", "_values_copy", "indices_copy", "values_copy", "crow_indices_copy"),
    *("col_indices_copy", "ccol_indices_copy", "row_indices_copy", "_lazy_clone", "_stack", "_resize_output"),
    *("_convert_indices_from_coo_to_csr", "_convert_indices_from_csr_to_coo"),
    *("_copy_from", "to_padded_tensor"),
    *("_sparse_coo_tensor_with_dims", "sparse_coo_tensor", "sparse_compressed_tensor", "_spdiags"),
    *("narrow_copy", "diagonal_copy", "_chunk_cat", "to_sparse", "_to_dense", "to_dense", "to_mkldnn"),
    *("_to_sparse_csr", "_to_sparse_csc", "_to_sparse_bsr", "_to_sparse_bsc", "_coalesce", "sparse_mask"),
    *("_sparse_compressed_tensor_with_dims", "_sparse_compressed_tensor_unsafe", "_mkldnn_reshape"),
    *("_sparse_csr_tensor_unsafe", "_sparse_csc_tensor_unsafe", "_mkldnn_transpose"),
    *("pin_memory", "_pin_memory", "slice_backward", "select_backward", "diagonal_backward"),
    *("_jagged_to_padded_dense_forward", "_padded_dense_to_jagged_forward", "_nested_view_from_jagged_copy"),
)

SEARCHES = (
    *("sort", "topk", "argsort", "argmax", "argmin", "kthvalue", "unique", "_unique2", "unique_consecutive"),
    *("unique_dim", "bincount", "histc", "any", "all", "equal", "isin", "allclose", "is_nonzero", "mode"),
    *("_histogramdd_bin_edges", "_histogramdd_from_bin_cts", "_histogramdd_from_bin_tensors", "hash_tensor"),
    *("_unique", "msort"),
    *("count_nonzero", "histogram", "_local_scalar_dense", "item", "isclose", "is_same_size"),
)

FILLS = (
    *("to_padded_tensor", "_nested_from_padded", "_nested_from_padded_tensor", "_nested_tensor_from_mask"),
    *("_nested_tensor_from_mask_left_aligned", "_nested_tensor_from_tensor_list", "_nested_tensor_size"),
    *("_nested_tensor_strides", "_nested_tensor_storage_offsets"),
    *("_nested_get_offsets", "_nested_get_values"),
    *("_padded_dense_to_jagged_forward", "_jagged_to_padded_dense_forward", "_nested_select_backward"),
    *("empty", "empty_like", "empty_strided", "empty_permuted", "new_empty", "new_empty_strided", "zeros"),
    *("zeros_like", "new_zeros", "ones", "ones_like", "new_ones", "full", "full_like", "new_full", "fill"),
    *("zero", "arange", "range", "linspace", "logspace", "eye", "scalar_tensor", "tril_indices"),
    *("bartlett_window", "blackman_window", "kaiser_window", "fft_fftfreq", "fft_rfftfreq"),
    *("triu_indices", "hann_window", "hamming_window", "_efficientzerotensor", "from_file"),
)

RANDOM = (
    *("rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "bernoulli"),
    *("normal", "uniform", "random", "exponential", "multinomial", "poisson", "geometric", "cauchy"),
    *("log_normal", "_standard_gamma", "_sample_dirichlet", "binomial", "_philox_normal", "_philox_uniform"),
)

CHECKS = (
    *("_is_all_true", "_is_any_true", "_print", "_validate_compressed_sparse_indices", "_use_cudnn_ctc_loss"),
    *("isinf", "isnan", "_make_dep_token", "_functional_sym_constrain_range"),
    *("_linalg_check_errors", "_assert_async", "_functional_assert_async", "_assert_tensor_metadata"),
    *("_assert_scalar", "_functional_assert_scalar", "sym_constrain_range", "sym_constrain_range_for_size"),
    *("_has_same_storage_numel", "_has_compatible_shallow_copy_type", "_fused_sdp_choice"),
    *("_nested_tensor_size", "_nested_tensor_strides", "_nested_tensor_storage_offsets"),
)

ATTRIBUTES = (
    *("sym_size", "sym_stride", "sym_numel", "sym_storage_offset", "sparse_dim", "dense_dim"),
    *("_dimI", "_dimV"),
    *("_nnz", "is_coalesced", "is_pinned", "is_set_to", "_version", "record_stream"),
)

OPERATORS = {
    **dict.fromkeys((*LOOKUPS, *MOVES, *SEARCHES, *FILLS, *RANDOM, *CHECKS, *ATTRIBUTES), FREE),
    "roll": Operator(no_cost, same_shape, is_like_input=True),
}
