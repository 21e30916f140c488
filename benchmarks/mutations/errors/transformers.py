"""Deliberate errors in Transformers and their layers."""

from benchmarks.mutations.mutation import LAYERS, Family

TRANSFORMERS = Family("transformers", ("transformers",), LAYERS, "layers/transformers.py")
TRANSFORMERS.error(
    "no sum around a block",
    "return (norm, *block, total) if self.norm_first else (*block, total, norm)",
    "return (norm, *block) if self.norm_first else (*block, norm)",
)
TRANSFORMERS.error(
    "no normalisation of the sums",
    "return (norm, *block, total) if self.norm_first else (*block, total, norm)",
    "return (norm, *block, total) if self.norm_first else (*block, total)",
)
TRANSFORMERS.error(
    "the activation at the width of the model",
    'ReLU() if self.activation == "relu" else GELU(), hidden)',
    'ReLU() if self.activation == "relu" else GELU(), shape)',
)
TRANSFORMERS.error("always ReLU", 'ReLU() if self.activation == "relu" else GELU()', "ReLU()")
TRANSFORMERS.error(
    "a decoder that attends to itself alone",
    "to_memory = replace(self._attention(), further_inputs=self.further_inputs)",
    "to_memory = self._attention()",
)
TRANSFORMERS.error(
    "as many normalisations as attentions",
    "for number in range(len(self.attentions) + 1)",
    "for number in range(len(self.attentions))",
)
TRANSFORMERS.error(
    "one encoder layer alone",
    "* (self.num_encoder_layers - 1)",
    "* (self.num_encoder_layers - self.num_encoder_layers)",
)
TRANSFORMERS.error(
    "as many decoder layers as encoder layers",
    "* (self.num_decoder_layers - 1)",
    "* (self.num_encoder_layers - 1)",
)
TRANSFORMERS.error("the output of the encoder", "return self.further_inputs[0]", "return shape")
TRANSFORMERS.error(
    "a normalisation behind the encoder without parameters",
    'parameters |= prefixed("encoder.norm", self._norm().parameters())',
    "parameters |= {}",
)
TRANSFORMERS.error(
    "a bias where there is none",
    "LayerNorm(self.d_model, self.layer_norm_eps, bias=self.bias)",
    "LayerNorm(self.d_model, self.layer_norm_eps)",
)
